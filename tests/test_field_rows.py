"""A synced field is one row of `core.fields`: what else knows of it is made from that, or named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.fields import FIELDS, PICTURE_FIELDS, Field, Kind, listed_value
from core.models import Change
from core.settings import DEFAULTS
from plex import full_items, listing, mapping
from plex.editing import edit_params
from plex.field_names import lock_name
from stash.mapping import SceneReader
from stash.queries import SCENE_FRAGMENT
from tests.core.builders import desired

ROOT = Path(__file__).parents[1]
ROWS = (*FIELDS, *PICTURE_FIELDS)
SWITCHED = [pytest.param(field, id=field.name) for field in ROWS if field.has_switch]
SAID = [pytest.param(field, id=field.name) for field in FIELDS if field.stash]
SCALARS = [pytest.param(field, id=field.name) for field in FIELDS if not field.is_list]
LISTS = [pytest.param(field, id=field.name) for field in FIELDS if field.is_list]
SAMPLES: dict[Kind, Any] = {Kind.DATE: "2024-05-06", Kind.RATING: 80}


@pytest.mark.parametrize("field", SWITCHED)
def test_its_switch_is_a_setting_that_is_offered_and_documented(field: Field) -> None:
    switch = f"sync_{field.name}"
    assert DEFAULTS[switch] is field.is_on
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))
    assert switch in manifest["settings"], "Stash2Plex.yml does not offer it"
    assert f"`{switch}`" in (ROOT / "docs/settings.md").read_text("utf-8")


@pytest.mark.parametrize("field", SAID)
def test_stash_is_asked_for_it_and_what_it_says_is_wanted(field: Field) -> None:
    said = SAMPLES.get(field.kind, "Said")
    scene = SceneReader().read({"id": "1", field.stash: said})

    assert f" {field.stash} " in SCENE_FRAGMENT
    assert scene is not None
    wanted = desired(scene, frozenset({field.name})).values
    assert wanted[field.name] == {Kind.RATING: 8.0, Kind.NAMES: ("Said",)}.get(field.kind, said)


@pytest.mark.parametrize("field", SCALARS)
def test_a_scalar_is_read_of_listed_items_and_of_whole_ones(field: Field) -> None:
    shown = SAMPLES.get(field.kind, "Shown")
    raw = {"ratingKey": "1", field.plex: shown}

    assert listed_value(mapping.listed_item(raw, "2"), field.name) == shown
    assert mapping.full_item(raw, {}).values[field.name] == shown
    assert field.plex not in listing.WITHOUT_FIELDS


@pytest.mark.parametrize("field", LISTS)
def test_a_list_is_read_of_whole_items(field: Field) -> None:
    raw = {"ratingKey": "1", field.element: [{"tag": "One"}]}

    assert mapping.full_item(raw, {}).values[field.name] == ("One",)
    assert field.element not in full_items.WITHOUT


@pytest.mark.parametrize("field", [*SCALARS, *LISTS])
def test_it_can_be_edited_and_locked(field: Field) -> None:
    after = ("New",) if field.is_list else SAMPLES.get(field.kind, "New")
    change = Change(field.name, None, after, added=("New",) if field.is_list else ())

    assert any(name.startswith(field.plex) for name, _ in edit_params([change]))
    assert lock_name(field.name) == field.plex
