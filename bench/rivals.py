"""What is done elsewhere for the same work: requests, json and csv, as a careful program uses them.

rivals.py pages URL CA BODY: reads the directory page after page, prints "seconds" and "users".
rivals.py plan DIRECTORY CSV: what has to change so that a directory becomes what an HR file says,
prints "seconds" and how many changes of each kind.
"""
import csv
import json
import sys
import time


def read_pages(session, url, envelope):
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


def read_wanted(name):
    wanted, managed = {}, set()
    with open(name, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        at = {title: index for index, title in enumerate(next(rows))}
        email, fullname = at["E-mail"], at["Name"]
        department, project, status = at["Department"], at["Project"], at["Status"]
        for row in rows:
            key = row[email].lower()
            if key in wanted:
                raise ValueError("twice: " + key)
            groups = {name for name in (row[department], row[project]) if name}
            managed |= groups
            wanted[key] = (row[fullname], groups, row[status].strip().lower() != "terminated")
    return wanted, managed


def compare(wanted, managed, directory):
    counts = dict.fromkeys(("create", "name", "join", "leave", "enable", "disable", "missing"), 0)
    users = {user["username"].lower(): user for user in directory["Users"].values()}
    invited = {address.lower() for address in directory["invited"]}
    groups = {key: set(user.get("groups", ())) for key, user in users.items()}
    for group, members in directory["Groups"].items():
        for member in members:
            groups.setdefault(member.lower(), set()).add(group)
    for key, (fullname, wanted_groups, active) in wanted.items():
        user = users.get(key)
        if user is None:
            if active and key not in invited:
                counts["create"] += 1
            continue
        if not active:
            counts["disable"] += not user["disabled"]
            continue
        counts["enable"] += bool(user["disabled"])
        counts["name"] += fullname != user["fullname"]
        counts["join"] += len(wanted_groups - groups[key])
        counts["leave"] += len((groups[key] & managed) - wanted_groups)
    counts["missing"] = sum(key not in wanted for key in users)
    return counts


def plan(directory_name, csv_name):
    begin = time.monotonic()
    with open(directory_name, "rb") as file:
        directory = json.loads(file.read())
    wanted, managed = read_wanted(csv_name)
    counts = compare(wanted, managed, directory)
    print("seconds %.6f" % (time.monotonic() - begin))
    for name, count in counts.items():
        print("%s %d" % (name, count))


def pages(url, ca_file, body):
    import requests  # only here: it takes long to load

    begin = time.monotonic()
    session = requests.Session()
    session.verify = ca_file
    session.trust_env = False  # no look into the environment for every request
    users = read_pages(session, url, json.loads(body))
    print("seconds %.6f" % (time.monotonic() - begin))
    print("users %d" % len(users))


{"pages": pages, "plan": plan}[sys.argv[1]](*sys.argv[2:])
