#!/usr/bin/python3
# python3-onelogin-saml2 of Debian as a second opinion about responses: reads one JSON object, writes the list of verdicts.
#   {"sp", "acs", "issuer", "sso", "list": [{"response", "request", "certs", "key", "own_cert"}, …]}
#   -> [{"name_id": …} or {"error": …}, …]
import json
import sys
from urllib.parse import urlparse

from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings


def settings(given, one):
    sp = {"entityId": given["sp"], "assertionConsumerService": {"url": given["acs"]}}
    if one.get("key"):
        sp["privateKey"], sp["x509cert"] = one["key"], one["own_cert"]
    return OneLogin_Saml2_Settings({
        "strict": True,
        "sp": sp,
        "idp": {
            "entityId": given["issuer"],
            "singleSignOnService": {"url": given["sso"]},
            "x509certMulti": {"signing": one["certs"]},
        },
        "security": {"rejectDeprecatedAlgorithm": True, "wantNameId": True},
    })


def verdict(given, one):
    address = urlparse(given["acs"])
    request = {"https": "on", "http_host": address.netloc, "script_name": address.path, "get_data": {}, "post_data": {}}
    try:
        response = OneLogin_Saml2_Response(settings(given, one), one["response"])
        response.is_valid(request, one.get("request"), raise_exceptions=True)
        return {"name_id": response.get_nameid()}
    except Exception as error:  # whatever it is, it is its verdict
        return {"error": "%s: %s" % (type(error).__name__, error)}


asked = json.load(sys.stdin)
json.dump([verdict(asked, one) for one in asked["list"]], sys.stdout)
