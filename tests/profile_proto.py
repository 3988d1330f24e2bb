"""Reads a pprof file with protobuf's own decoder, by the field numbers of google/pprof's schema."""

from __future__ import annotations

import gzip
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet

Field = descriptor_pb2.FieldDescriptorProto
# name, number, type; a name that ends in * is repeated, a type in capitals is a message
MESSAGES = {
    "ValueType": "type=1:int64 unit=2:int64",
    "Label": "key=1:int64 str=2:int64 num=3:int64 num_unit=4:int64",
    "Sample": "location_id*=1:uint64 value*=2:int64 label*=3:Label",
    "Mapping": "id=1:uint64 memory_start=2:uint64 memory_limit=3:uint64 file_offset=4:uint64 "
    "filename=5:int64 build_id=6:int64 has_functions=7:bool has_filenames=8:bool "
    "has_line_numbers=9:bool has_inline_frames=10:bool",
    "Line": "function_id=1:uint64 line=2:int64",
    "Location": "id=1:uint64 mapping_id=2:uint64 address=3:uint64 line*=4:Line is_folded=5:bool",
    "Function": "id=1:uint64 name=2:int64 system_name=3:int64 filename=4:int64 start_line=5:int64",
    "Profile": "sample_type*=1:ValueType sample*=2:Sample mapping*=3:Mapping location*=4:Location "
    "function*=5:Function string_table*=6:string drop_frames=7:int64 keep_frames=8:int64 "
    "time_nanos=9:int64 duration_nanos=10:int64 period_type=11:ValueType period=12:int64 "
    "comment*=13:int64 default_sample_type=14:int64",
}
SCALARS = {
    "int64": Field.TYPE_INT64,
    "uint64": Field.TYPE_UINT64,
    "bool": Field.TYPE_BOOL,
    "string": Field.TYPE_STRING,
}


def _profile_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="profile.proto", package="p", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for word in fields.split():
            label, _, rest = word.partition("=")
            number, _, kind = rest.partition(":")
            field = message.field.add(name=label.rstrip("*"), number=int(number))
            field.label = Field.LABEL_REPEATED if label.endswith("*") else Field.LABEL_OPTIONAL
            field.type = SCALARS.get(kind, Field.TYPE_MESSAGE)
            if kind not in SCALARS:
                field.type_name = f".p.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.Profile"))


PROFILE = _profile_class()


class Decoded:
    """A profile, with what its numbers stand for. Fails for a number that stands for nothing."""

    def __init__(self, data: bytes) -> None:
        raw = gzip.decompress(data)
        self.message = PROFILE.FromString(raw)
        assert len(UnknownFieldSet(self.message)) == 0
        self.strings = list(self.message.string_table)
        assert self.strings[0] == ""
        assert len(set(self.strings)) == len(self.strings)
        self.functions = {one.id: one for one in self.message.function}
        self.locations = {one.id: one for one in self.message.location}
        self.mappings = {one.id: one for one in self.message.mapping}
        for one in (self.functions, self.locations, self.mappings):
            assert 0 not in one
        self.types = [
            (self.strings[t.type], self.strings[t.unit]) for t in self.message.sample_type
        ]
        self.comments = [self.strings[number] for number in self.message.comment]

    def stacks(self) -> dict[tuple[str, ...], list[int]]:
        """The values by stack, the root first; those of equal stacks are summed."""
        found: dict[tuple[str, ...], list[int]] = {}
        for sample in self.message.sample:
            assert len(sample.value) == len(self.types)
            stack = tuple(self._name(place) for place in reversed(sample.location_id))
            known = found.setdefault(stack, [0] * len(self.types))
            found[stack] = [a + b for a, b in zip(known, sample.value, strict=True)]
        return found

    def sums(self) -> list[int]:
        return [sum(column) for column in zip(*self.stacks().values(), strict=True)]

    def _name(self, place: int) -> str:
        location = self.locations[place]
        assert location.mapping_id in self.mappings
        (line,) = location.line
        return self.strings[self.functions[line.function_id].name]
