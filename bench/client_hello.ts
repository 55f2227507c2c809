/** A ClientHello of a browser's size, with a hand-written decoder and encoder to compare the schemas with. @module */
import { Messages, Names } from "../mod.ts";

const fill = (n: number, seed: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31 + seed) & 255);
const { CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme } = Names;
const other = (type: number, data: Uint8Array) => ({
  _tag: "unknown" as const,
  type: ExtensionType.of(type),
  data,
});
const text = new TextEncoder();

/** A ClientHello of about 500 bytes: GREASE, a key share, a session ticket, ALPN. */
export const hello = new Messages.ClientHello({
  clientVersion: ProtocolVersion.TLS_1_2,
  random: fill(32, 1),
  sessionId: fill(32, 2),
  cipherSuites: [
    0x1a1a,
    0x1301,
    0x1302,
    0x1303,
    0xc02b,
    0xc02f,
    0xc02c,
    0xc030,
    0xcca9,
    0xcca8,
    0xc013,
    0xc014,
    0x9c,
    0x9d,
    0x2f,
    0x35,
  ].map(CipherSuite.of),
  compressionMethods: [Names.CompressionMethod.null],
  extensions: [
    other(0x2a2a, new Uint8Array(0)),
    {
      _tag: "server_name",
      serverNameList: [{ nameType: Names.NameType.host_name, name: "www.example-of-a-host.org" }],
    },
    { _tag: "extended_master_secret" },
    { _tag: "renegotiation_info", renegotiatedConnection: new Uint8Array(0) },
    { _tag: "supported_groups", namedGroupList: [0x3a3a, 29, 23, 24].map(NamedGroup.of) },
    { _tag: "ec_point_formats", ecPointFormatList: [Names.ECPointFormat.uncompressed] },
    { _tag: "session_ticket", ticket: fill(160, 7) },
    {
      _tag: "application_layer_protocol_negotiation",
      protocolNameList: ["h2", "http/1.1"].map((s) => text.encode(s)),
    },
    {
      _tag: "signature_algorithms",
      supportedSignatureAlgorithms: [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601].map(
        SignatureScheme.of,
      ),
    },
    other(51, fill(43, 9)),
    other(45, Uint8Array.of(1, 1)),
    { _tag: "supported_versions", versions: [0x4a4a, 0x0304, 0x0303].map(ProtocolVersion.of) },
    { _tag: "padding", zeros: new Uint8Array(20) },
  ],
}, true);

/** Decodes the ClientHello by hand to plain objects, without names, checks of bounds or error paths. */
export const decodeByHand = (b: Uint8Array) => {
  let p = 0;
  const u8 = () => b[p++]!;
  const u16 = () => (p += 2, b[p - 2]! << 8 | b[p - 1]!);
  const bytes = (n: number) => {
    if (p + n > b.length) throw new Error("short");
    return b.subarray(p, p += n);
  };
  const list16 = (n: number) => {
    const out = new Array<number>(n >> 1);
    for (let i = 0; i < out.length; i++) out[i] = u16();
    return out;
  };
  const clientVersion = u16();
  const random = bytes(32);
  const sessionId = bytes(u8());
  const cipherSuites = list16(u16());
  const compressionMethods = [...bytes(u8())];
  const extensions: Array<unknown> = [];
  const end = u16() + p;
  while (p < end) {
    const type = u16();
    const n = u16();
    const stop = p + n;
    if (stop > end) throw new Error("short");
    switch (type) {
      case 0: {
        const serverNameList: Array<unknown> = [];
        for (const last = u16() + p; p < last;) {
          serverNameList.push({ nameType: u8(), name: String.fromCharCode(...bytes(u16())) });
        }
        extensions.push({ type, serverNameList });
        break;
      }
      case 10:
      case 13:
        extensions.push({ type, list: list16(u16()) });
        break;
      case 11:
        extensions.push({ type, list: [...bytes(u8())] });
        break;
      case 16: {
        const names: Array<Uint8Array> = [];
        for (const last = u16() + p; p < last;) names.push(bytes(u8()));
        extensions.push({ type, names });
        break;
      }
      case 43:
        extensions.push({ type, list: list16(u8()) });
        break;
      default:
        extensions.push({ type, data: bytes(n) });
    }
    if (p !== stop) throw new Error("left over");
  }
  if (p !== b.length) throw new Error("left over");
  return { clientVersion, random, sessionId, cipherSuites, compressionMethods, extensions };
};

/** Encodes the ClientHello by hand, without any checks. */
export const encodeByHand = (h: Messages.ClientHello): Uint8Array => {
  const b = new Uint8Array(1024);
  let p = 0;
  const u8 = (n: number) => void (b[p++] = n);
  const u16 = (n: number) => (b[p++] = n >> 8, b[p++] = n);
  const bytes = (v: Uint8Array) => (b.set(v, p), p += v.length);
  const list = (v: ReadonlyArray<number>) => v.forEach(u16);
  const sized = (width: 1 | 2, write: () => void) => {
    const at = p;
    p += width;
    write();
    const n = p - at - width;
    if (width === 2) b[at] = n >> 8, b[at + 1] = n;
    else b[at] = n;
  };
  u16(h.clientVersion);
  bytes(h.random);
  sized(1, () => bytes(h.sessionId));
  sized(2, () => list(h.cipherSuites));
  sized(1, () => h.compressionMethods.forEach(u8));
  sized(2, () => {
    for (const e of h.extensions ?? []) {
      switch (e._tag) {
        case "unknown":
          u16(e.type);
          sized(2, () => bytes(e.data));
          break;
        case "server_name":
          u16(0);
          sized(2, () =>
            sized(2, () => {
              for (const { nameType, name } of e.serverNameList) {
                u8(nameType);
                sized(2, () => bytes(text.encode(String(name))));
              }
            }));
          break;
        case "extended_master_secret":
          u16(23), u16(0);
          break;
        case "renegotiation_info":
          u16(0xff01);
          sized(2, () => sized(1, () => bytes(e.renegotiatedConnection)));
          break;
        case "supported_groups":
          u16(10);
          sized(2, () => sized(2, () => list(e.namedGroupList)));
          break;
        case "ec_point_formats":
          u16(11);
          sized(2, () => sized(1, () => e.ecPointFormatList.forEach(u8)));
          break;
        case "session_ticket":
          u16(35);
          sized(2, () => bytes(e.ticket));
          break;
        case "application_layer_protocol_negotiation":
          u16(16);
          sized(2, () => sized(2, () => e.protocolNameList.forEach((name) => sized(1, () => bytes(name)))));
          break;
        case "signature_algorithms":
          u16(13);
          sized(2, () => sized(2, () => list(e.supportedSignatureAlgorithms)));
          break;
        case "supported_versions":
          u16(43);
          sized(2, () => sized(1, () => list(e.versions)));
          break;
        case "padding":
          u16(21);
          sized(2, () => bytes(e.zeros));
          break;
      }
    }
  });
  return b.slice(0, p);
};
