"""The deployment template, read as data: its resources, and the values it states.

Of CloudFormation's functions those are worked out that stand in the values we compare: `Ref`,
`Sub` and `GetAtt`, from names that the caller knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from farmy_assets.errors import InvalidInputError

# Whatever a YAML file can hold.
Yaml: TypeAlias = Any

BUCKET = "AWS::S3::Bucket"
TABLE = "AWS::DynamoDB::Table"
QUEUE = "AWS::SQS::Queue"
FUNCTION = "AWS::Serverless::Function"
BUCKET_POLICY = "AWS::S3::BucketPolicy"
QUEUE_POLICY = "AWS::SQS::QueuePolicy"
STAGE = "AWS::ApiGatewayV2::Stage"


@dataclass(frozen=True)
class Resource:
    """One resource of the template; functions in `properties` are `{"Ref": ...}` and the like."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """A template's text, and what it declares."""

    body: str
    document: Mapping[str, Any]

    def resources(self, type_: str) -> tuple[Resource, ...]:
        """The resources of one type, in the template's order."""
        return tuple(
            Resource(name, type_, resource.get("Properties", {}))
            for name, resource in self.document["Resources"].items()
            if resource["Type"] == type_
        )

    def defaults(self) -> dict[str, Any]:
        """The values of the parameters that nobody has to give, by name."""
        parameters = self.document.get("Parameters", {})
        return {name: one["Default"] for name, one in parameters.items() if "Default" in one}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!Ref X` is `{"Ref": "X"}`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    value: Yaml
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {name: value}


_Loader.add_multi_constructor("!", _short_form)


def read_template(path: Path) -> Template:
    """Read a template file.

    Raises:
        InvalidInputError: The file is not a template.
    """
    body = path.read_text()
    try:
        document = yaml.load(body, Loader=_Loader)  # noqa: S506  a safe loader with short forms
    except yaml.YAMLError as error:
        msg = f"{path} is not YAML: {error}"
        raise InvalidInputError(msg) from error
    if not isinstance(document, dict) or "Resources" not in document:
        msg = f"{path} declares no resources"
        raise InvalidInputError(msg)
    return Template(body=body, document=document)


def with_default(template: Template, name: str, value: str) -> Template:
    """The template's declarations with another default of a parameter; its text stays as it is."""
    parameters = template.document["Parameters"]
    changed = {**parameters, name: {**parameters[name], "Default": value}}
    return replace(template, document={**template.document, "Parameters": changed})


def with_literal_names(template: Template, names: Mapping[str, str]) -> str:
    """The template's text with the names of buckets and tables written out.

    CloudFormation takes over a bucket or table that is there already only by a literal name.
    """
    return re.sub(
        r'^( +(?:BucketName|TableName): )!Sub "([^"]+)"$',
        lambda match: match[1] + resolved({"Fn::Sub": match[2]}, names),
        template.body,
        flags=re.MULTILINE,
    )


def with_literal_numbers(text: str, template: Template) -> str:
    """The text with each reference to a number that nobody has to give replaced by that number.

    The emulator hands such a number on as text, and then fails to compare it with one.
    """
    parameters = template.document.get("Parameters", {})
    for name, value in template.defaults().items():
        if parameters[name]["Type"] == "Number":
            text = re.sub(rf"!Ref {name}\b", str(value), text)
    return text


def resolved(value: Yaml, names: Mapping[str, str]) -> Yaml:
    """The value with each `Ref`, `Sub` and `GetAtt` replaced by what `names` says.

    The name of `!GetAtt Queue.Arn` is `Queue.Arn`.

    Raises:
        InvalidInputError: The value holds another function, or a name that is not known.
    """
    try:
        return _resolved(value, names)
    except KeyError as error:
        msg = f"the template's value {value!r} needs {error}, which is not known here"
        raise InvalidInputError(msg) from error


def _resolved(value: Yaml, names: Mapping[str, str]) -> Yaml:
    if isinstance(value, list):
        return [_resolved(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"}:
        return names[value["Ref"]]
    if value.keys() == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda match: names[match[1]], value["Fn::Sub"])
    if value.keys() == {"Fn::GetAtt"}:
        return names[value["Fn::GetAtt"]]
    if any(key.startswith("Fn::") for key in value):
        raise KeyError(next(iter(value)))
    return {key: _resolved(item, names) for key, item in value.items()}
