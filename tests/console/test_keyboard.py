"""The console's pages by the keyboard alone: past the menu, into it on a phone, and out again."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOCUSED = "() => document.activeElement.textContent.trim()"


def test_the_first_key_leads_past_the_menu(visit, admin):
    page = visit(admin).open("/admin/queues/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('#content') !== null")


def test_the_menu_of_a_phone_opens_and_closes(visit, admin):
    page = visit(admin, viewport={"width": 390, "height": 844}).open("/admin/queues/")
    expect(page.locator("#nav-sidebar")).not_to_be_in_viewport()
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Menu").press("Enter")
    page.get_by_role("button", name="Close the menu").press("Enter")
    expect(page.get_by_role("link", name="Search")).to_be_hidden()


def test_theme_and_account_are_reached(visit, admin):
    page = visit(admin, color_scheme="light").open("/admin/queues/")
    page.get_by_role("button", name="admin").press("Enter")
    page.get_by_role("button", name="Dark").press("Enter")
    expect(page.locator("html.dark")).to_be_attached()
    page.get_by_role("link", name="Preferences").press("Enter")
    expect(page).to_have_url(page.url.partition("/admin")[0] + "/admin/preferences/")
