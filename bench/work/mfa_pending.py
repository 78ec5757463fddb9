"""Browsers that wait for their phones: each has a request of the waiting page under way, all the time.
Usage: mfa_pending.py PORT FILE   (lines of FILE: account, tab, cookies; ends with its standard input)"""
import asyncio
import sys

port, path = int(sys.argv[1]), sys.argv[2]
waiting = 0
answered = 0


async def browser(account, cookies):
    global waiting, answered
    request = (
        "GET /mfa/poll HTTP/1.1\r\nHost: x\r\nX-User: %s\r\nCookie: %s\r\n"
        "X-Requested-With: fetch\r\n\r\n" % (account, cookies)
    ).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waiting += 1
    while True:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit("not answered: %r" % head[:200])
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if b"pending" not in body:
            sys.exit("not pending: %r" % body)
        answered += 1


async def main():
    tasks = []
    for number, line in enumerate(open(path)):
        account, cookies = line.rstrip("\n").split("\t")
        tasks.append(asyncio.create_task(browser(account, cookies)))
        if number % 20 == 19:  # no more than nginx's queue of connections takes
            await asyncio.sleep(0.05)
    while waiting < len(tasks):
        await asyncio.sleep(0.05)
        for task in tasks:
            if task.done():
                task.result()
    print(waiting, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(answered, flush=True)
    sys.stdout.flush()
    import os

    os._exit(0)


asyncio.run(main())
