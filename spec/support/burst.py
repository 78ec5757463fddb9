# burst.py COUNT BODY URL…: posts the body so many times at once, to the URLs by turns, and prints how often each answer
# came: "COUNT STATUS BODY". All connections are open, and all but the last byte is sent, before the first request is whole.
import asyncio
import collections
import sys
from urllib.parse import urlsplit

COUNT, BODY, URLS = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3:]
PATIENCE = 240


async def connect(url):
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST {parts.path} HTTP/1.0\r\nHost: {parts.netloc}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    writer.write(head.encode() + BODY[:-1])
    await writer.drain()
    return reader, writer


async def finish(reader, writer):
    writer.write(BODY[-1:])
    await writer.drain()
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b" ")[1].decode() + " " + body.decode().strip()


async def main():
    connections = [await connect(URLS[number % len(URLS)]) for number in range(COUNT)]
    answers = await asyncio.gather(*(finish(*one) for one in connections))
    for answer, count in collections.Counter(answers).most_common():
        print(count, answer)


asyncio.run(asyncio.wait_for(main(), PATIENCE))
