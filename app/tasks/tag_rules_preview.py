"""What rules that somebody types would make of the library, before they are saved."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from app.wiring import Context
from core.setting_values import BadValueError
from core.setting_words import by_label
from core.settings import parser_of
from core.tag_rules import read
from core.tag_rules_preview import preview_rules
from reconciliation.library_facts import library_of

RULES, LEAST = "tag_rules", "collection_min_items"


def page_rules(context: Context) -> dict[str, Any]:
    """The fields of `RulesPreview`. What is not given as an argument is as it is saved.

    Raises:
        StashError: or its kinds; Stash does not answer.
    """
    settings, args = context.settings, context.args
    taxonomy, problems = read(str(args.get(RULES, settings.tag_rules)))
    rules = replace(settings.placing_rules(), taxonomy=taxonomy)
    given = args.get(LEAST)
    if given not in (None, "", 0, "0"):
        try:
            rules = replace(rules, least=parser_of(LEAST)(given))
        except BadValueError as allowed:
            problems.append(by_label(f"{LEAST}: {allowed}"))
    facts = library_of(context.stash, rules)
    return asdict(preview_rules(rules, facts, problems))
