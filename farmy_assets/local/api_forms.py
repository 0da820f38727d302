"""Settings of a bucket as the template states them, in the form that the API takes and gives."""

from collections.abc import Mapping
from typing import Any

from farmy_assets.errors import PlatformError

# CloudFormation's words for the parts of a lifecycle rule, and the API's.
RULE_KEYS = {
    "Id": "ID",
    "Status": "Status",
    "AbortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
    "NoncurrentVersionExpiration": "NoncurrentVersionExpiration",
    "ExpirationInDays": "Expiration",
    "Prefix": "Filter",
}


def lifecycle_rules(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The template's lifecycle rules in the words of the API.

    Raises:
        PlatformError: A rule has a part that is not known here, and would be dropped in silence.
    """
    rules = []
    for rule in wanted["Rules"]:
        if unknown := rule.keys() - RULE_KEYS:
            msg = f"lifecycle rule {rule.get('Id')}: {sorted(unknown)} is not known to api_forms.py"
            raise PlatformError(msg)
        parts = {RULE_KEYS[key]: value for key, value in rule.items()}
        if "Expiration" in parts:
            parts["Expiration"] = {"Days": parts["Expiration"]}
        rules.append(parts | {"Filter": {"Prefix": rule.get("Prefix", "")}})
    return sorted(rules, key=lambda rule: str(rule["ID"]))


def cors_rules(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The template's CORS rules in the words of the API."""
    names = {"MaxAge": "MaxAgeSeconds"}
    return [
        {names.get(key, key): value for key, value in rule.items()} for rule in wanted["CorsRules"]
    ]


def notifications(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The template's queue notifications in the words of the API."""
    return [
        {
            "QueueArn": item["Queue"],
            "Events": [item["Event"]],
            "Filter": {
                "Key": {
                    "FilterRules": [
                        {"Name": rule["Name"].lower(), "Value": rule["Value"]}
                        for rule in item["Filter"]["S3Key"]["Rules"]
                    ]
                }
            },
        }
        for item in sorted(
            wanted["QueueConfigurations"],
            key=lambda item: (str(item["Event"]), str(item["Filter"])),
        )
    ]
