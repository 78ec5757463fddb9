"""What is done elsewhere for the same work: requests and json, as a careful program uses them.

rivals.py pages URL CA BODY: reads the directory page after page, prints "seconds" and "users".
"""
import json
import sys
import time

import requests


def read_pages(url, ca_file, envelope):
    session = requests.Session()
    session.verify = ca_file
    session.trust_env = False  # no look into the environment for every request
    users, index, total = {}, 0, None
    while total is None or index * 2000 < total:
        envelope["data"] = {"pagesize": 2000, "pageindex": index}
        response = session.post(url, json=envelope, timeout=120)
        response.raise_for_status()
        page = json.loads(response.content)
        total = page["total"]
        users.update(page["Users"])
        index += 1
    return users


def main():
    what, url, ca_file, body = sys.argv[1:5]
    if what != "pages":
        sys.exit("rivals.py: unknown job " + what)
    begin = time.monotonic()
    users = read_pages(url, ca_file, json.loads(body))
    print("seconds %.6f" % (time.monotonic() - begin))
    print("users %d" % len(users))


main()
