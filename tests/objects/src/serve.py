"""OpenStack Swift with its S3 interface (Debian's python3-swift), in one folder, on loopback.

serve.py FOLDER PORTS SECRET [CERTIFICATE KEY]

PORTS are those of proxy, account, container and object server, with commas. Commands come on
standard input, a line each, and are answered by a line. It ends with its standard input, and
takes its processes and the folder along.
"""
import base64
import email.utils
import hmac
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import sys
import time

import swift.common.storage_policy
import swift.common.utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import run_wsgi

folder, ports, secret, *tls = sys.argv[1:]
ports = dict(zip(("proxy", "account", "container", "object"), ports.split(",")))
owner = pwd.getpwuid(os.geteuid()).pw_name


class Memory:
    """What the login wants of memcached, within the one process that serves."""

    def __init__(self):
        self.kept = {}

    def get(self, key, **_):
        value, until = self.kept.get(key, (None, 0))
        return value if until > time.time() else None

    def set(self, key, value, time=0, **_):
        self.kept[key] = (value, now() + (time or 86400))

    def delete(self, key, **_):
        self.kept.pop(key, None)


def now():
    return time.time()


def remember(_conf, **_settings):
    """A filter that gives it to the others."""
    memory = Memory()

    def around(app):
        def serve(environ, start):
            environ["swift.cache"] = memory
            return app(environ, start)
        return serve
    return around


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


def server(name, rest):
    return write(name + ".conf", f"""[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {ports[name]}
workers = 0
swift_dir = {folder}
devices = {folder}
mount_check = false
fallocate_reserve = 0
user = {owner}
log_address = {folder}/nobody-logs
{rest}
""")


def prepare():
    """Rings of one disk, and what the four servers read."""
    os.makedirs(os.path.join(folder, "disk"), exist_ok=True)
    for name in ("account", "container", "object"):
        builder = RingBuilder(2, 1, 0)
        builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(ports[name]),
                         "device": "disk", "weight": 1.0, "meta": ""})
        builder.rebalance()
        builder.get_ring().save(os.path.join(folder, name + ".ring.gz"))
    servers = []
    for name in ("account", "container", "object"):
        servers.append((name + "-server", server(name, f"""
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
""")))
    certificate = f"cert_file = {tls[0]}\nkey_file = {tls[1]}\n" if tls else ""
    filters = ["catch_errors", "gatekeeper", "listing_formats", "s3api", "tempauth", "bulk", "slo",
               "copy"]
    settings = {"s3api": "location = us-east-1",
                "tempauth": f"user_test_owner = {secret} .admin\nuser_test_other = {secret}"}
    rest = f"{certificate}[pipeline:main]\npipeline = {' '.join(filters[:3])} remember {' '.join(filters[3:])} proxy-server\n"
    for name in filters:
        rest += f"[filter:{name}]\nuse = egg:swift#{name}\n{settings.get(name, '')}\n"
    rest += "[filter:remember]\npaste.filter_factory = __main__:remember\n"
    rest += "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
    servers.append(("proxy-server", server("proxy", rest)))
    return servers


def fork(servers):
    children = []
    for section, path in servers:
        child = os.fork()
        if child == 0:
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            # Whoever waits for answers on it does not wait for a server.
            os.dup2(2, 1)
            try:
                run_wsgi(path, section)
            except BaseException as error:  # noqa: what happens in here is told below
                print(section, repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        children.append(child)
    return children


def ask(method, path):
    """Signed the old way (version 2), which is not the one that is tested."""
    port = int(ports["proxy"])
    if tls:
        trust = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trust)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    date = email.utils.formatdate(usegmt=True)
    text = f"{method}\n\n\n{date}\n{path.partition('?')[0]}"
    mac = base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha1")).decode()
    headers = {"Date": date, "Authorization": f"AWS test:owner:{mac}"}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def wait():
    """Until it answers all that it is for."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            # One that is asked too early is held to be broken for a while.
            for port in ports.values():
                socket.create_connection(("127.0.0.1", int(port))).close()
            if ask("GET", "/")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    end()
    sys.exit("the server does not start")


def end():
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    children.clear()


# Both modules have the name of a file that only root writes.
swift.common.utils.SWIFT_CONF_FILE = swift.common.storage_policy.SWIFT_CONF_FILE = write(
    "swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\nswift_hash_path_prefix = tests\n"
    "[storage-policy:0]\nname = one\ndefault = yes\n")
servers = prepare()
children = fork(servers)
wait()
print("ready", flush=True)
for line in sys.stdin:
    command, _, name = line.strip().partition(" ")
    answer = "done"
    if command == "make":
        answer = ask("PUT", f"/{name}")[0]
    elif command == "list":
        answer = json.dumps(re.findall("<Key>(.*?)</Key>", ask("GET", f"/{name}")[1]))
    elif command == "remove":
        answer = ask("DELETE", f"/{name}")[0]
    elif command in ("freeze", "thaw", "stop"):
        for child in children if command != "stop" else []:
            os.kill(child, signal.SIGSTOP if command == "freeze" else signal.SIGCONT)
        if command == "stop":
            end()
    elif command == "start":
        children = fork(servers)
        wait()
    else:
        answer = "unknown"
    print(answer, flush=True)
end()
shutil.rmtree(folder, ignore_errors=True)
