"""Putting a text into workflows of many shapes."""

import copy

import pytest

from upstream.generation.workflow import NoPlaceForText, fill
from upstream.sandbox.workflows import TEXT_TO_IMAGE


def changed(**nodes):
    workflow = copy.deepcopy(TEXT_TO_IMAGE)
    for node_id, node in nodes.items():
        workflow[node_id.removeprefix("n")] = node
    return workflow


def filled(workflow, text="hills"):
    return fill(workflow, text=text, seed=7, reference="AAAA")


def test_the_positive_prompt_of_the_sampler_takes_the_text_and_nothing_else_changes():
    before = copy.deepcopy(TEXT_TO_IMAGE)
    made = filled(TEXT_TO_IMAGE)
    assert before == TEXT_TO_IMAGE
    assert made["6"]["inputs"]["text"] == "hills"
    assert made["7"] == TEXT_TO_IMAGE["7"]
    assert made["3"]["inputs"]["seed"] == 7
    made["6"], made["3"] = TEXT_TO_IMAGE["6"], TEXT_TO_IMAGE["3"]
    assert made == TEXT_TO_IMAGE


def test_a_placeholder_comes_first_and_may_stand_anywhere():
    node = {"class_type": "CLIPTextEncode", "inputs": {"text": "oil painting, {{text}}, calm"}}
    made = filled(changed(n6=node, n10={"class_type": "Note", "inputs": {"deep": [["{{text}}"]]}}))
    assert made["6"]["inputs"]["text"] == "oil painting, hills, calm"
    assert made["10"]["inputs"]["deep"] == [["hills"]]


def test_a_reference_goes_where_the_workflow_wants_it():
    node = {"class_type": "LoadImageBase64", "inputs": {"image": "{{reference}}"}}
    assert filled(changed(n10=node))["10"]["inputs"]["image"] == "AAAA"


def test_a_text_that_reads_like_a_placeholder_stays_what_it_is():
    made = filled(TEXT_TO_IMAGE, text="a {{text}} sign")
    assert made["6"]["inputs"]["text"] == "a {{text}} sign"


def test_the_text_is_found_behind_nodes_that_pass_conditioning_on_and_behind_text_nodes():
    workflow = changed(
        n10={"class_type": "ConditioningCombine",
             "inputs": {"conditioning_1": ["6", 0], "conditioning_2": ["11", 0]}},
        n11={"class_type": "CLIPTextEncode", "inputs": {"text": "style", "clip": ["4", 1]}},
        n6={"class_type": "CLIPTextEncode", "inputs": {"text": ["12", 0], "clip": ["4", 1]}},
        n12={"class_type": "PrimitiveString", "inputs": {"value": "a landscape"}},
    )  # fmt: skip
    workflow["3"]["inputs"]["positive"] = ["10", 0]
    made = filled(workflow)
    assert made["12"]["inputs"]["value"] == "hills"
    assert made["11"]["inputs"]["text"] == "style"


def test_without_a_sampler_the_only_text_node_is_it():
    workflow = {"1": TEXT_TO_IMAGE["6"], "2": {"class_type": "SaveImage", "inputs": {}}}
    assert filled(workflow)["1"]["inputs"]["text"] == "hills"


@pytest.mark.parametrize(
    "workflow",
    [
        {"1": {"class_type": "SaveImage", "inputs": {}}},
        {"6": TEXT_TO_IMAGE["6"], "7": TEXT_TO_IMAGE["7"]},
        {"3": {"class_type": "KSampler", "inputs": {"positive": ["3", 0]}}},
        {"3": {"class_type": "KSampler", "inputs": {"positive": ["9", 0]}}},
    ],
)
def test_a_workflow_without_a_place_for_text_is_told(workflow):
    with pytest.raises(NoPlaceForText):
        filled(workflow)


def test_another_request_is_another_picture_and_another_try_the_same():
    one = fill(TEXT_TO_IMAGE, text="x", seed=1)
    assert fill(TEXT_TO_IMAGE, text="x", seed=1) == one
    assert fill(TEXT_TO_IMAGE, text="x", seed=2) != one
    assert 0 <= fill(TEXT_TO_IMAGE, text="x", seed=2**90)["3"]["inputs"]["seed"] < 2**53
