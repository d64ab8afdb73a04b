"""The console's own pages, under /admin/ before the model admins."""

from django.urls import path

from moderation.console import (
    assignments,
    bulk,
    exports,
    handover,
    jobs,
    leaving,
    manual,
    month,
    queues,
    review,
    runs,
    searching,
    shift,
    subjects,
)

app_name = "console"
_SUBJECT = "subjects/<str:subject_type>/<uuid:subject_id>/"

urlpatterns = [
    # In place of the admin's, under its name.
    path("logout/", leaving.sign_out, name="logout"),
    path("queues/", queues.queues_page, name="queues"),
    path("queues/<slug:slug>/", review.review_page, name="review"),
    path("assignments/", assignments.assignments_page, name="assignments"),
    path("manual/", manual.manual_page, name="manuals"),
    path("manual/<slug:page>/", manual.manual_page, name="manual"),
    path("handover/", handover.handover_page, name="handover"),
    path("month/", month.month_page, name="month"),
    path("shift/", shift.shift_json, name="shift"),
    path(_SUBJECT, subjects.subject_page, name="subject"),
    path(f"{_SUBJECT}decide/", subjects.decide_subject, name="decide"),
    path(f"{_SUBJECT}reports/", subjects.report_subject, name="report"),
    path(f"{_SUBJECT}notes/", subjects.note_subject, name="note"),
    path("batches/<uuid:batch>/", subjects.batch_page, name="batch"),
    path("search/", searching.search_page, name="search"),
    path("bulk/<str:subject_type>/", bulk.bulk_page, name="bulk"),
    path("tasks/", jobs.jobs_page, name="jobs"),
    path("tasks/<uuid:job_id>/", jobs.job_page, name="job"),
    path("tasks/<uuid:job_id>/state/", jobs.job_state, name="job-state"),
    path("tasks/<uuid:job_id>/cancel/", jobs.cancel_job, name="job-cancel"),
    path("exports/new/<str:listing>/", exports.start_export, name="export-start"),
    path("exports/<uuid:export_id>/", exports.export_page, name="export"),
    path("exports/<uuid:export_id>/file/", exports.export_file, name="export-file"),
    path("exports/<uuid:export_id>/state/", exports.export_state, name="export-state"),
    path("runs/", runs.runs_page, name="runs"),
    path("runs/start/", runs.start, name="run-start"),
    path("runs/<uuid:run_id>/", runs.run_page, name="run"),
    path("runs/<uuid:run_id>/cancel/", runs.cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/replay/", runs.replay_all, name="replay-all"),
    path("faults/<uuid:fault_id>/replay/", runs.replay, name="replay"),
]
