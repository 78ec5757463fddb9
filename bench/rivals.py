"""What is done elsewhere for the same work: requests, json and csv, as a careful program uses them.

rivals.py pages URL CA SIZE: reads the directory in pages, four threads at a time, prints "seconds"
and "users".
rivals.py plan DIRECTORY CSV: what has to change so that a directory becomes what an HR file says,
prints "seconds" and how many changes of each kind.
rivals.py export FORMAT FOLDER: a hundred pages of events, made into lines of JSON (ndjson or ecs).
"""
import concurrent.futures
import csv
import hashlib
import json
import sys
import threading
import time


def read_hr_file(name):
    desired, managed = {}, set()
    with open(name, newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        at = {title: index for index, title in enumerate(next(rows))}
        email, fullname = at["E-mail"], at["Name"]
        department, project, status = at["Department"], at["Project"], at["Status"]
        for row in rows:
            key = row[email].lower()
            if key in desired:
                raise ValueError("twice: " + key)
            groups = {name for name in (row[department], row[project]) if name}
            managed |= groups
            desired[key] = (row[fullname], groups, row[status].strip().lower() != "terminated")
    return desired, managed


def compare(desired, managed, directory):
    counts = dict.fromkeys(("create", "name", "join", "leave", "enable", "disable", "missing"), 0)
    users = {user["username"].lower(): user for user in directory["Users"].values()}
    invited = {address.lower() for address in directory["invited"]}
    groups = {key: set(user.get("groups", ())) for key, user in users.items()}
    for group, members in directory["Groups"].items():
        for member in members:
            groups.setdefault(member.lower(), set()).add(group)
    for key, (fullname, groups_of_row, active) in desired.items():
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
        counts["join"] += len(groups_of_row - groups[key])
        counts["leave"] += len((groups[key] & managed) - groups_of_row)
    counts["missing"] = sum(key not in desired for key in users)
    return counts


def plan(directory_name, csv_name):
    begin = time.monotonic()
    with open(directory_name, "rb") as file:
        directory = json.loads(file.read())
    desired, managed = read_hr_file(csv_name)
    counts = compare(desired, managed, directory)
    print("seconds %.6f" % (time.monotonic() - begin))
    for name, count in counts.items():
        print("%s %d" % (name, count))


def pages(url, ca_file, size):
    import requests  # only here: it takes long to load

    size, local = int(size), threading.local()

    def read_page(index):
        session = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
            session.verify = ca_file
            session.trust_env = False  # no look into the environment for every request
        data = {"pagesize": size, "pageindex": index}
        envelope = {"cid": 8771312, "provhash": "0" * 64, "cmd": "getuserdata", "data": data}
        response = session.post(url, json=envelope, timeout=120)
        response.raise_for_status()
        return json.loads(response.content)

    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        first = threads.submit(read_page, 0).result()
        users = dict(first["Users"])
        rest = range(1, -(-first["total"] // size))
        for page in threads.map(read_page, rest):
            users.update(page["Users"])
    print("seconds %.6f" % (time.monotonic() - begin))
    print("users %d" % len(users))


def scim(url, ca_file, size, at_once):
    import requests

    size, at_once, local = int(size), int(at_once), threading.local()

    def read_page(name, start):
        session = getattr(local, "session", None)
        if session is None:
            session = local.session = requests.Session()
            session.verify = ca_file
            session.trust_env = False
            session.headers.update(
                {"Authorization": "Bearer " + "0" * 64, "Accept": "application/scim+json"}
            )
        query = {"startIndex": start, "count": size}
        response = session.get(url + "/" + name, params=query, timeout=120)
        response.raise_for_status()
        return json.loads(response.content)

    begin, users = time.monotonic(), {}

    def keep(page):
        for user in page["Resources"]:
            users[user["userName"].lower()] = user

    groups = {group["id"]: group for group in read_page("Groups", 1)["Resources"]}
    first = read_page("Users", 1)
    keep(first)
    rest = range(1 + size, first["totalResults"] + 1, size)
    if at_once > 1:
        with concurrent.futures.ThreadPoolExecutor(at_once) as threads:
            for page in threads.map(lambda start: read_page("Users", start), rest):
                keep(page)
    else:
        for start in rest:
            keep(read_page("Users", start))
    last = users["firstname.lastname%06d@lumenor.example" % len(users)]
    print("seconds %.6f" % (time.monotonic() - begin))
    print("users %d" % len(users))
    print("active %d" % sum(1 for user in users.values() if user["active"]))
    print("memberships %d" % sum(len(user["groups"]) for user in users.values()))
    print("last %d" % int(last["id"]))
    assert groups


# Name of an action: id, category, outcome, severity, how its Data is read.
ACTIONS = {
    "log in": ("login", "authentication", "success", "info", "login"),
    "site added": ("site_added", "vault", "success", "info", "sites"),
    "failed login attempt": ("login_failed", "authentication", "failure", "medium", "site"),
    "add to shared folder": ("folder_user_added", "sharing", "success", "low", "pair"),
    "update folder permissions": ("folder_permissions_changed", "sharing", "success", "low", "pair"),
    "employee account created": ("user_created", "account", "success", "low", "users"),
    "edit policy": ("policy_changed", "configuration", "success", "medium", "policy"),
    "adding user to group": ("group_user_added", "group", "success", "low", "user_group"),
    "open secure note": ("note_opened", "vault", "success", "info", "note"),
    "saml login": ("saml_login", "authentication", "success", "info", "site"),
}
SEVERITY = {"info": 1, "low": 3, "medium": 6, "high": 8}
ECS_KIND = {
    "login": ("authentication", ["start"]),
    "saml_login": ("authentication", ["start"]),
    "login_failed": ("authentication", ["start"]),
    "site_added": ("configuration", ["creation"]),
    "note_opened": ("configuration", ["access"]),
    "folder_user_added": ("configuration", ["change"]),
    "folder_permissions_changed": ("configuration", ["change"]),
    "policy_changed": ("configuration", ["change"]),
    "user_created": ("iam", ["user", "creation"]),
    "group_user_added": ("iam", ["group", "change"]),
}


def target(kind, value):
    return [{"kind": kind, "value": value}] if value else []


def item_and_folder(text):
    item, found, folder = text.rpartition(" from ")
    if not found:
        return target("item", text)
    return target("item", item) + target("folder", folder)


def read_sites(text):
    if text.startswith("VID: "):
        return item_and_folder(text)
    return [one for part in text.split(",") for one in target("site", part.strip())]


def read_login(text):
    return [] if text.startswith("LastPass via ") else read_sites(text)


def read_pair(text):
    parts = text[1:-1].split("' '")
    return target("folder", parts[0]) + target("user", parts[1] if len(parts) > 1 else "")


def read_note(text):
    close = text.rfind(")")
    targets = target("item", text[13:close])
    if text.startswith(" from ", close + 1):
        targets += target("folder", text[close + 7 :])
    return targets


def read_user_group(text):
    user, _, group = text.partition(" - ")
    return target("user", user) + target("group", group)


DATA = {
    "login": read_login,
    "sites": read_sites,
    "site": lambda text: target("site", text.strip()),
    "pair": read_pair,
    "users": lambda text: [one for part in text.split(",") for one in target("user", part.strip())],
    "policy": lambda text: target("policy", text.partition(" New value:")[0]),
    "user_group": read_user_group,
    "note": read_note,
}


def identifier(event, counts):
    """The hash of all texts with their lengths and, of equal events, which one it is."""
    name, address, data = event["Username"], event["IP_Address"], event["Data"]
    texts = [text.encode() for text in (name, address, data)]
    text = b"%s %d:%s %d:%s %d:%s 0:%s" % (
        event["Time"].encode(),
        len(texts[0]),
        texts[0],
        len(texts[1]),
        texts[1],
        len(texts[2]),
        texts[2],
        event["Action"].encode(),
    )
    digest = hashlib.sha256(text).hexdigest()[:32]
    count = counts[digest] = counts.get(digest, 0) + 1
    return digest if count == 1 else "%s-%d" % (digest, count)


def to_ndjson(event, name, utc, action, targets):
    return {
        "time": utc + "Z",
        "event_id": name,
        "actor": event["Username"],
        "ip": event["IP_Address"],
        "id": action[0],
        "label": event["Action"],
        "category": action[1],
        "outcome": action[2],
        "severity": action[3],
        "targets": targets,
        "data": event["Data"],
    }


def first(targets, kind):
    return next((one["value"] for one in targets if one["kind"] == kind), None)


def to_ecs(event, event_id, utc, action, targets):
    category, types = ECS_KIND[action[0]]
    name, address, data = event["Username"], event["IP_Address"], event["Data"]
    user = {"name": name}
    if "@" in name:
        user["email"] = name
    other = first(targets, "user")
    if other:
        user["target"] = {"name": other}
    document = {
        "@timestamp": utc + ".000Z",
        "ecs": {"version": "8.11.0"},
        "organization": {"id": "8771312"},
        "event": {
            "id": event_id,
            "action": action[0],
            "category": [category],
            "dataset": "lastpass.event",
            "kind": "event",
            "module": "lastpass",
            "outcome": action[2],
            "provider": "enterprise_api",
            "severity": SEVERITY[action[3]],
            "type": types,
        },
        "lastpass": {"action": event["Action"], "targets": targets, "data": data},
        "message": event["Action"] + (": " + data if data else ""),
        "user": user,
    }
    group = first(targets, "group")
    if group:
        document["group"] = {"name": group}
    document["source"] = {"address": address, "ip": address}
    people = [name] + [one["value"] for one in targets if one["kind"] == "user"]
    document["related"] = {"user": people, "ip": [address]}
    return document


def export(form, folder):
    import datetime
    import zoneinfo

    zone, hours = zoneinfo.ZoneInfo("America/New_York"), {}
    pages = [open("%s/%d" % (folder, page), "rb").read() for page in range(1, 101)]
    make = {"ndjson": to_ndjson, "ecs": to_ecs}[form]
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
    count = size = 0
    begin = time.monotonic()
    for page in pages:
        events = json.loads(page)["data"]
        lines, counts = [], {}
        for event in reversed(list(events.values())):
            local = event["Time"]
            hour = hours.get(local[:13])
            if hour is None:
                moment = datetime.datetime.strptime(local[:13], "%Y-%m-%d %H").replace(tzinfo=zone)
                hour = moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H")
                hours[local[:13]] = hour
            action = ACTIONS[event["Action"].lower()]
            targets = DATA[action[4]](event["Data"])
            lines.append(encode(make(event, identifier(event, counts), hour + local[13:], action, targets)))
        text = ("\n".join(lines) + "\n").encode()
        count, size = count + len(lines), size + len(text)
    print("seconds %.6f" % (time.monotonic() - begin))
    print("events %d" % count)
    print("bytes %d" % size)


{"pages": pages, "scim": scim, "plan": plan, "export": export}[sys.argv[1]](*sys.argv[2:])
