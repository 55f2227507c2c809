/**
 * A server of SSL 3.0 made by hand on node:crypto, after RFC 6101 and after what the last servers that had it did: it
 * answers the extensions that a hello asks for, and has ECDHE. It shares no code with the library.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";

/** What it is asked to do. */
export interface Ssl30Server {
  /** Certificate and key as PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  /** `TLS_ECDHE_RSA_WITH_RC4_128_SHA` or `TLS_RSA_WITH_RC4_128_SHA`. */
  readonly suite: 0xc011 | 0x0005;
  /** Its ServerHello's extensions, by number. */
  readonly answers: ReadonlyArray<readonly [number, Uint8Array]>;
  /** The record header of each alert that it gets, and the alert. */
  readonly alerts: Array<string>;
}

const hash = (name: "md5" | "sha1", ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const h = crypto.createHash(name);
  for (const part of parts) h.update(part);
  return h.digest();
};
const uint = (width: number, n: number): Buffer => {
  const b = Buffer.alloc(width);
  b.writeUIntBE(n, 0, width);
  return b;
};
const vector = (width: number, body: Uint8Array): Buffer => Buffer.concat([uint(width, body.length), body]);

/** RFC 6101 §6.1, §6.2.2. */
const expand = (secret: Uint8Array, seed: Uint8Array, length: number): Buffer => {
  const out: Array<Buffer> = [];
  for (let i = 0; 16 * i < length; i++) {
    const salt = Buffer.alloc(i + 1, 65 + i);
    out.push(hash("md5", secret, hash("sha1", salt, secret, seed)));
  }
  return Buffer.concat(out).subarray(0, length);
};

const rc4 = (key: Uint8Array) => {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i]! + key[i % key.length]!) & 255;
    [s[i], s[j]] = [s[j]!, s[i]!];
  }
  let [i, j] = [0, 0];
  return (data: Uint8Array): Buffer =>
    Buffer.from(data.map((byte) => {
      i = (i + 1) & 255;
      j = (j + s[i]!) & 255;
      [s[i], s[j]] = [s[j]!, s[i]!];
      return byte ^ s[(s[i]! + s[j]!) & 255]!;
    }));
};

/** One direction under RC4 with SHA-1 (RFC 6101 §5.2.3.1). */
const direction = (key: Uint8Array, secret: Uint8Array) => {
  const cipher = rc4(key);
  let sequence = 0;
  const mac = (type: number, data: Uint8Array) => {
    const inner = [
      secret,
      Buffer.alloc(40, 0x36),
      uint(4, 0),
      uint(4, sequence++),
      Uint8Array.of(type),
      vector(2, data),
    ];
    return hash("sha1", secret, Buffer.alloc(40, 0x5c), hash("sha1", ...inner));
  };
  return {
    seal: (type: number, data: Uint8Array) => cipher(Buffer.concat([data, mac(type, data)])),
    open: (type: number, sealed: Uint8Array) => {
      const plain = cipher(sealed);
      const data = plain.subarray(0, -20);
      if (!mac(type, data).equals(plain.subarray(-20))) throw new Error("bad record MAC");
      return data;
    },
  };
};

/** Serves one connection: a full handshake, and then each line reversed. */
export const serveSsl30 = async (conn: Deno.Conn, of: Ssl30Server): Promise<void> => {
  let waiting = Buffer.alloc(0);
  const keys: { read?: ReturnType<typeof direction>; write?: ReturnType<typeof direction> } = {};
  const fill = async (length: number): Promise<boolean> => {
    const chunk = new Uint8Array(16_384);
    while (waiting.length < length) {
      const n = await conn.read(chunk);
      if (n === null) return false;
      waiting = Buffer.concat([waiting, chunk.subarray(0, n)]);
    }
    return true;
  };
  const record = async (): Promise<{ readonly type: number; readonly data: Buffer } | undefined> => {
    if (!await fill(5)) return undefined;
    const length = waiting.readUInt16BE(3);
    if (!await fill(5 + length)) return undefined;
    const [header, body] = [waiting.subarray(0, 5), waiting.subarray(5, 5 + length)];
    waiting = waiting.subarray(5 + length);
    const type = header[0]!;
    const data = keys.read ? keys.read.open(type, body) : Buffer.from(body);
    if (type === 21) of.alerts.push(`${header.subarray(1, 3).toString("hex")} ${data.toString("hex")}`);
    return { type, data };
  };
  const said: Array<Buffer> = [];
  const send = async (type: number, data: Uint8Array): Promise<void> => {
    const body = keys.write ? keys.write.seal(type, data) : data;
    await conn.write(Buffer.concat([Uint8Array.of(type, 3, 0), vector(2, body)]));
  };
  const say = (type: number, body: Uint8Array): Promise<void> => {
    const message = Buffer.concat([Uint8Array.of(type), vector(3, body)]);
    said.push(message);
    return send(22, message);
  };
  let messages = Buffer.alloc(0);
  const message = async (): Promise<Buffer | undefined> => {
    while (messages.length < 4 || messages.length < 4 + messages.readUIntBE(1, 3)) {
      const next = await record();
      if (!next || next.type !== 22) return undefined;
      messages = Buffer.concat([messages, next.data]);
    }
    const length = 4 + messages.readUIntBE(1, 3);
    const whole = Buffer.from(messages.subarray(0, length));
    messages = messages.subarray(length);
    return whole;
  };

  const hello = await message();
  if (!hello) return;
  said.push(hello);
  const clientRandom = hello.subarray(6, 38);
  const serverRandom = crypto.randomBytes(32);
  const extensions = Buffer.concat(
    of.answers.map(([type, data]) => Buffer.concat([uint(2, type), vector(2, data)])),
  );
  await say(
    2,
    Buffer.concat([
      Uint8Array.of(3, 0),
      serverRandom,
      vector(1, new Uint8Array(0)),
      uint(2, of.suite),
      Uint8Array.of(0),
      vector(2, extensions),
    ]),
  );
  const der = Buffer.from(of.certificate.replace(/-----[^-]+-----|\s/g, ""), "base64");
  await say(11, vector(3, vector(3, der)));
  const stapled = of.answers.some(([type]) => type === 5);
  if (stapled) await say(22, Buffer.concat([Uint8Array.of(1), vector(3, Buffer.from("no response"))]));
  const ecdh = crypto.createECDH("prime256v1");
  if (of.suite === 0xc011) {
    const params = Buffer.concat([Uint8Array.of(3, 0, 23), vector(1, ecdh.generateKeys())]);
    const signed = [clientRandom, serverRandom, params];
    const digest = Buffer.concat([hash("md5", ...signed), hash("sha1", ...signed)]);
    const signature = crypto.privateEncrypt({
      key: of.privateKey,
      padding: crypto.constants.RSA_PKCS1_PADDING,
    }, digest);
    await say(12, Buffer.concat([params, vector(2, signature)]));
  }
  await say(14, new Uint8Array(0));

  const exchange = await message();
  if (!exchange) return;
  said.push(exchange);
  const body = exchange.subarray(4);
  const premaster = of.suite === 0xc011
    ? ecdh.computeSecret(body.subarray(1))
    : crypto.privateDecrypt({ key: of.privateKey, padding: crypto.constants.RSA_PKCS1_PADDING }, body);
  const master = expand(premaster, Buffer.concat([clientRandom, serverRandom]), 48);
  const block = expand(master, Buffer.concat([serverRandom, clientRandom]), 72);
  const theirs = direction(block.subarray(40, 56), block.subarray(0, 20));
  const ours = direction(block.subarray(56, 72), block.subarray(20, 40));
  const finished = (sender: string): Buffer =>
    Buffer.concat((["md5", "sha1"] as const).map((name) => {
      const length = name === "md5" ? 48 : 40;
      const inner = hash(name, ...said, Buffer.from(sender), master, Buffer.alloc(length, 0x36));
      return hash(name, master, Buffer.alloc(length, 0x5c), inner);
    }));
  const change = await record();
  if (change?.type !== 20) return;
  keys.read = theirs;
  const expected = finished("CLNT");
  const end = await message();
  if (!end?.subarray(4).equals(expected)) throw new Error("the client's Finished does not hold");
  said.push(end);
  await send(20, Uint8Array.of(1));
  keys.write = ours;
  await say(20, finished("SRVR"));

  let text = "";
  for (let next = await record(); next; next = await record()) {
    if (next.type !== 23) continue;
    text += next.data.toString();
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      const line = [...text.slice(0, at)].reverse().join("");
      text = text.slice(at + 1);
      await send(23, Buffer.from(`${line}\n`));
    }
  }
};
