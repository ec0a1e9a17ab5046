"""One line of JSON in, one out."""

SPACE = globals()
EVENTS = []


def read(request):
    element = ElementTree.fromstring(request["xml"])
    return Walk(True).node(ps.deserialize(element, CIPHER))


def make(request):
    value = Maker(request["seed"]).value(0)
    leaves = Walk(False).node(value)  # Before it is written: psrpcore empties the queues that it writes.
    return {"leaves": leaves, "xml": ElementTree.tostring(ps.serialize(value, CIPHER), encoding="unicode")}


def run(request):
    exec(request["code"], SPACE)
    return SPACE.pop("answer", None)


def send(request):
    """What the pool has to send: the pipeline, whether it is a host response, the fragments."""
    packets = []
    while (payload := SPACE["pool"].data_to_send(request["size"])) is not None:
        pipeline = None if payload.pipeline_id is None else str(payload.pipeline_id)
        packets.append([pipeline, base64.b64encode(payload.data).decode()])
    return packets


def receive(request):
    """Gives the pool fragments; what they were is in EVENTS, and their names are the answer."""
    pipeline = None if request["pipeline"] is None else uuid.UUID(request["pipeline"])
    pool = SPACE["pool"]
    pool.receive_data(PSRPPayload(base64.b64decode(request["data"]), StreamType.default, pipeline))
    came = []
    while (event := pool.next_event()) is not None:
        came.append(event)
    EVENTS.extend(came)
    return [type(event).__name__ for event in came]


def leaves(value):
    return Walk(True).node(value)


TASKS = {"read": read, "make": make, "run": run, "send": send, "receive": receive}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"answer": TASKS[request["do"]](request)}
    except Exception:
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
