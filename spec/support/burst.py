# burst.py COUNT BASE,BASE… [PATH BODY]…: posts each body so many times at once to this path of the servers by turns, one body
# after the other, and prints how often each answer came: "NUMBER COUNT STATUS ANSWER", the number is that of the body. All
# connections are open, and all but the last byte is sent, before the first request is whole.
import asyncio
import collections
import sys
from urllib.parse import urlsplit

COUNT, BASES = int(sys.argv[1]), sys.argv[2].split(",")
POSTS = list(zip(sys.argv[3::2], sys.argv[4::2]))
PATIENCE = 500


async def connect(url, body):
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST {parts.path} HTTP/1.0\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body[:-1])
    await writer.drain()
    return reader, writer


async def finish(reader, writer, body):
    writer.write(body[-1:])
    await writer.drain()
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b" ")[1].decode() + " " + body.decode().strip()


async def main():
    for number, (path, text) in enumerate(POSTS, 1):
        body = text.encode()
        connections = [await connect(BASES[index % len(BASES)] + path, body) for index in range(COUNT)]
        answers = await asyncio.gather(*(finish(*one, body) for one in connections))
        for answer, count in collections.Counter(answers).most_common():
            print(number, count, answer)


asyncio.run(asyncio.wait_for(main(), PATIENCE))
