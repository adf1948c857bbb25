"""Signs the requests that stand on standard input with botocore, and prints the signatures."""
import datetime
import json
import sys
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2024, 2, 29, 23, 59, 59, tzinfo=datetime.timezone.utc)


class Clock(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return NOW.replace(tzinfo=None)

    @classmethod
    def now(cls, tz=None):
        return NOW


def signature(case):
    signer = botocore.auth.S3SigV4Auth if case["service"] == "s3" else botocore.auth.SigV4Auth
    query = "&".join(quote(name, safe="-._~") + "=" + quote(value, safe="-._~") for name, value in case["query"])
    url = "http://host.example:9000" + quote(case["path"], safe="/-._~") + ("?" + query if query else "")
    request = AWSRequest(case["method"], url, headers=dict(case["headers"]), data=case["body"].encode())
    request.context["payload_signing_enabled"] = True
    signer(Credentials("K", "S/+", case.get("token")), case["service"], "eu-west-1").add_auth(request)
    return request.headers["Authorization"].split("Signature=")[1]


with mock.patch("datetime.datetime", Clock):
    patches = [mock.patch.object(botocore.auth, name, lambda *a, **k: NOW.replace(tzinfo=None))
               for name in ("get_current_datetime",) if hasattr(botocore.auth, name)]
    for patch in patches:
        patch.start()
    print(json.dumps([signature(case) for case in json.load(sys.stdin)]))
