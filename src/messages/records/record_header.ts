/** @module */
import { Schema } from "../../deps.ts";
import { ContentType, ProtocolVersion } from "../../names/protocol.ts";
import { uint16 } from "../../wire/schema.ts";

/** The five bytes before a record's fragment (RFC 5246 §6.2.1). */
export class RecordHeader extends Schema.TaggedClass<RecordHeader>()("RecordHeader", {
  type: ContentType,
  version: ProtocolVersion,
  length: uint16,
}) {}
