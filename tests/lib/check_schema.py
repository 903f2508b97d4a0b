#!/usr/bin/python3
"""check_schema.py SCHEMA FILE... - validate YAML files against a JSON Schema.

YAML is read as an editor does (1.2): what looks like a date or like base 60 stays a text. Prints
one line per mistake; ends with 1 when there is one.
"""
import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """The core schema of YAML 1.2: no timestamps, no base 60."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, regexp) for tag, regexp in pairs
             if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int",
                            "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool")]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"),
                             list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+\.[0-9]+$"),
                             list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


def main(schema_path, paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader)
        for error in sorted(validator.iter_errors(document), key=lambda e: list(map(str, e.path))):
            where = ".".join(map(str, error.path))
            print(f"{path}: {where}: {error.message[:200]}")
            bad += 1
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
