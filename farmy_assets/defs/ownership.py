"""Who answers for which assets: one team for each stage of the lineage."""

import dagster as dg

OWNERS = {
    "ingestion": "team:data-engineering",
    "catalog": "team:data-engineering",
    "cleansing": "team:data-engineering",
    "query": "team:data-engineering",
    "annotation": "team:annotation-lead",
    "datasets": "team:annotation-lead",
}
# Of the cleansing stage, what people are asked and what they said is the lead's.
OWN_OWNERS = {"triage_tasks": "team:annotation-lead", "triage_answers": "team:annotation-lead"}


def with_owner(spec: dg.AssetSpec) -> dg.AssetSpec:
    """The asset with the team of its stage.

    Raises:
        KeyError: The stage has no team yet: name it here.
    """
    team = OWN_OWNERS.get(spec.key.to_user_string()) or OWNERS[spec.group_name or ""]
    return spec.replace_attributes(owners=[team])
