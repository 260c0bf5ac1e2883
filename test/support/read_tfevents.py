"""
Reads a TensorBoard event file with Google's own protocol buffers (Debian's python3-protobuf), of messages
declared as in TensorFlow's event.proto and summary.proto, and prints the events as JSON, in the form of
read-tfevents.ts. A checksum that is wrong or a field that is not declared ends it with an error.

    /usr/bin/python3 test/support/read_tfevents.py FILE
"""
import base64, json, struct, sys
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

F = descriptor_pb2.FieldDescriptorProto
MESSAGES = {
    "SessionLog": [("status", 1, F.TYPE_INT32), ("checkpoint_path", 2, F.TYPE_STRING), ("msg", 3, F.TYPE_STRING)],
    "Image": [("height", 1, F.TYPE_INT32), ("width", 2, F.TYPE_INT32), ("colorspace", 3, F.TYPE_INT32), ("encoded_image_string", 4, F.TYPE_BYTES)],
    "HistogramProto": [("min", 1, F.TYPE_DOUBLE), ("max", 2, F.TYPE_DOUBLE), ("num", 3, F.TYPE_DOUBLE), ("sum", 4, F.TYPE_DOUBLE),
                       ("sum_squares", 5, F.TYPE_DOUBLE), ("bucket_limit", 6, "double*"), ("bucket", 7, "double*")],
    "Value": [("tag", 1, F.TYPE_STRING), ("simple_value", 2, F.TYPE_FLOAT), ("image", 4, "Image"), ("histo", 5, "HistogramProto")],
    "Summary": [("value", 1, "Value*")],
    "Event": [("wall_time", 1, F.TYPE_DOUBLE), ("step", 2, F.TYPE_INT64), ("file_version", 3, F.TYPE_STRING),
              ("summary", 5, "Summary"), ("session_log", 7, "SessionLog")],
}


def declare():
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto2")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            repeated = isinstance(kind, str) and kind.endswith("*")
            entry = message.field.add(name=field, number=number, label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL)
            if kind == "double*":
                entry.type, entry.options.packed = F.TYPE_DOUBLE, True
            elif isinstance(kind, str):
                entry.type, entry.type_name = F.TYPE_MESSAGE, ".t." + kind.rstrip("*")
            else:
                entry.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("t.Event"))


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        (length, check) = struct.unpack_from("<QI", data, at)
        assert check == masked(data[at : at + 8]), f"length at {at}"
        body = data[at + 12 : at + 12 + length]
        assert len(body) == length and struct.unpack_from("<I", data, at + 12 + length)[0] == masked(body), f"data at {at}"
        yield body
        at += length + 16


def value(v):
    if v.HasField("simple_value"):
        return dict(tag=v.tag, scalar=v.simple_value)
    if v.HasField("image"):
        i = v.image
        return dict(tag=v.tag, image=dict(height=i.height, width=i.width, channels=i.colorspace, png=base64.b64encode(i.encoded_image_string).decode()))
    h = v.histo
    return dict(tag=v.tag, histogram=dict(numbers=[h.min, h.max, h.num, h.sum, h.sum_squares], limits=list(h.bucket_limit), counts=list(h.bucket)))


def unknown(message):
    known = message.ByteSize()
    message.DiscardUnknownFields()
    return known != message.ByteSize()


events = []
Event = declare()
for record in records(open(sys.argv[1], "rb").read()):
    event = Event.FromString(record)
    assert not unknown(event), "a field that is not declared"
    entry = dict(wallTime=event.wall_time, step=event.step)
    if event.HasField("file_version"):
        entry["version"] = event.file_version
    if event.HasField("session_log"):
        entry["session"] = event.session_log.status
    if event.HasField("summary"):
        entry["values"] = [value(v) for v in event.summary.value]
    events.append(entry)
print(json.dumps(events))
