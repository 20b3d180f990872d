"""Has scim2-tester judge a service: its address and token as arguments, findings as JSON."""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

base, token = sys.argv[1:]
client = Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60)
results = check_server(SyncSCIMClient(client))
found = [
    {"title": one.title, "status": one.status.name, "reason": str(one.reason)} for one in results
]
json.dump(found, sys.stdout)
