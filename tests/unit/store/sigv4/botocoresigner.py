# Signs what comes in as JSON lines with botocore (Debian's python3-botocore);
# what it would send goes out as JSON lines.
import datetime
import json
import sys
from urllib.parse import quote

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed(question):
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return cls.utcfromtimestamp(question["time"])

    auth.datetime.datetime = Clock
    url = "http://b.example:9000" + quote(question["path"], safe="/")
    names, values = question["query"][0::2], question["query"][1::2]
    if names:
        url += "?" + "&".join(quote(n, safe="") + "=" + quote(v, safe="")
                              for n, v in zip(names, values))
    request = AWSRequest(method=question["method"], url=url,
                         data=question["body"].encode())
    for name, value in zip(question["headers"][0::2],
                           question["headers"][1::2]):
        request.headers[name] = value
    signer = auth.S3SigV4Auth if question["service"] == "s3" \
        else auth.SigV4Auth
    keys = Credentials(question["id"], question["secret"],
                       question["token"] or None)
    signer = signer(keys, question["service"], question["region"])
    signer.add_auth(request)
    parts = auth.urlsplit(request.url)
    return {
        "path": parts.path,
        "query": signer.canonical_query_string(request),
        "date": request.headers["X-Amz-Date"],
        "authorization": request.headers["Authorization"],
    }


real = datetime.datetime
for line in sys.stdin:
    auth.datetime.datetime = real
    print(json.dumps(signed(json.loads(line))))
