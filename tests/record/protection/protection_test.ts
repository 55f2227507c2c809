/**
 * Every cipher under every version: what is sealed opens, what is changed does not, and no padding tells anything
 * (Lucky 13, POODLE).
 *
 * @module
 */
import { assert } from "../../deps.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { ContentType, ProtocolVersion, versionText } from "../../../src/names/protocol.ts";
import type { CryptoService, Hash } from "../../../src/ports/crypto.ts";
import {
  type CipherRow,
  keyLengths,
  protect,
  type RecordForm,
} from "../../../src/record/protection/cipher.ts";
import { hmacForm, ssl30Form } from "../../../src/record/protection/mac.ts";
import { suites } from "../../../src/tables/suites.ts";
import { ascii, type Bytes, concat, toHex } from "../../../src/wire/bytes.ts";
import { createCipheriv, createHmac } from "node:crypto";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const DATA = ContentType.application_data;

const forms: ReadonlyArray<RecordForm> = [
  { version: SSL_3_0, mac: ssl30Form, iv: "chained", padding: "ssl30" },
  { version: TLS_1_0, mac: hmacForm, iv: "chained", padding: "tls" },
  { version: TLS_1_1, mac: hmacForm, iv: "explicit", padding: "tls" },
  { version: TLS_1_2, mac: hmacForm, iv: "explicit", padding: "tls" },
];

const nameOf = (row: CipherRow): string =>
  row._tag === "aead" ? row.aead : `${row.cipher ?? "NULL"} with ${row.mac}`;

/** Each cipher once, with the version that it exists from. */
const rows = new Map([...suites.values()].toReversed().map((s) => [nameOf(s.cipher), s]));

const crypto = makeDeterministic("records");

/** Both ends of one direction. */
const pair = (row: CipherRow, form: RecordForm, etm: boolean, service: CryptoService = crypto) => {
  const { mac, key, iv } = keyLengths(row, form, service);
  const keys = { mac: crypto.random(mac), key: crypto.random(key), iv: crypto.random(iv) };
  return { keys, seal: protect(row, form, service, keys, etm), open: protect(row, form, service, keys, etm) };
};

const isBad = (open: () => unknown): void => {
  assert.throws(open, (e) => e instanceof Error && "_tag" in e && e._tag === "BadRecordMac");
};

for (const form of forms) {
  for (const [name, { cipher: row, since }] of rows) {
    if (since > form.version) continue; // a suite that does not exist is refused by the handshake
    for (const etm of row._tag === "cbc" && form.version > SSL_3_0 ? [false, true] : [false]) {
      const cell = `${versionText(form.version)}, ${name}${etm ? ", encrypt-then-MAC" : ""}`;

      Deno.test(`${cell}: what is sealed opens, and nothing else does`, () => {
        const { seal, open } = pair(row, form, etm);
        for (const length of [0, 1, 7, 8, 15, 16, 17, 255, 256, 2 ** 14]) {
          const data = crypto.random(length);
          const sealed = concat(...seal.seal(DATA, data));
          assert.ok(sealed.length <= open.limit, "no longer than the limit says");
          const opened = open.open(DATA, sealed);
          assert.equal(toHex(opened.fragment), toHex(data));
        }
        // In SSL 3.0 nothing covers the padding, which is what POODLE is about.
        const uncovered = row._tag === "cbc" && form.padding === "ssl30" ? row.block : 0;
        const first = concat(...pair(row, form, etm).seal.seal(DATA, ascii("some text")));
        for (let at = 0; at < first.length - uncovered; at++) {
          const { keys } = pair(row, form, etm);
          const [seal, open] = [protect(row, form, crypto, keys, etm), protect(row, form, crypto, keys, etm)];
          const sealed = concat(...seal.seal(DATA, ascii("some text")));
          sealed[at]! ^= 1 << at % 8;
          isBad(() => open.open(DATA, sealed));
        }
      });

      Deno.test(`${cell}: a record that is repeated, left out, cut or of another type does not open`, () => {
        const make = () => {
          const { seal, open } = pair(row, form, etm);
          return { open, records: ["one", "two"].map((t) => concat(...seal.seal(DATA, ascii(t)))) };
        };
        const repeated = make();
        repeated.open.open(DATA, repeated.records[0]!);
        isBad(() => repeated.open.open(DATA, repeated.records[0]!));
        const left = make();
        isBad(() => left.open.open(DATA, left.records[1]!));
        const { records: [whole] } = make();
        for (let length = 0; length < whole!.length; length++) {
          const { open, records } = make();
          isBad(() => open.open(DATA, records[0]!.subarray(0, length)));
        }
        const typed = make();
        isBad(() => typed.open.open(ContentType.handshake, typed.records[0]!));
      });
    }
  }
}

// ---- the bytes, made by somebody else ----

const header = (sequence: number, version: number, length: number): Bytes =>
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, sequence, DATA, version >> 8, version, length >> 8, length);
const hmacOf = (name: string, key: Bytes, ...data: ReadonlyArray<Bytes>): Bytes =>
  Uint8Array.from(createHmac(name, key).update(concat(...data)).digest());
const aes = (key: Bytes, iv: Bytes, plain: Bytes): Bytes => {
  const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
  return concat(Uint8Array.from(cipher.update(plain)), Uint8Array.from(cipher.final()));
};
const padded = (data: Bytes): Bytes => {
  const n = 15 - data.length % 16;
  return concat(data, new Uint8Array(n + 1).fill(n));
};
const AES128_SHA = rows.get("aes_128_cbc with sha1")!.cipher;

for (const form of forms.slice(1)) {
  Deno.test(`${versionText(form.version)}: a CBC record is MAC, padding and IV as node:crypto makes them`, () => {
    const { keys, seal } = pair(AES128_SHA, form, false);
    const text = ascii("to be sealed");
    let iv = keys.iv;
    for (const sequence of [0, 1]) {
      const [explicit, ciphertext] = seal.seal(DATA, text) as readonly [Bytes, Bytes];
      if (form.iv === "explicit") iv = explicit;
      const mac = hmacOf("sha1", keys.mac, header(sequence, form.version, text.length), text);
      assert.equal(toHex(ciphertext), toHex(aes(keys.key, iv, padded(concat(text, mac)))));
      iv = ciphertext.slice(-16);
    }
  });

  Deno.test(`${versionText(form.version)}: encrypt-then-MAC covers the ciphertext and its IV (RFC 7366)`, () => {
    const { keys, seal } = pair(AES128_SHA, form, true);
    const text = ascii("to be sealed");
    const [explicit, ciphertext, mac] = seal.seal(DATA, text) as readonly [Bytes, Bytes, Bytes];
    const iv = form.iv === "explicit" ? explicit : keys.iv;
    assert.equal(toHex(ciphertext), toHex(aes(keys.key, iv, padded(text))));
    const covered = concat(explicit, ciphertext);
    assert.equal(
      toHex(mac),
      toHex(hmacOf("sha1", keys.mac, header(0, form.version, covered.length), covered)),
    );
  });
}

// ---- attacks ----

/** A CBC record of any plaintext, sealed by hand. */
const forged = (form: RecordForm, plainOf: (mac: (content: Bytes) => Bytes) => Bytes) => {
  const { keys, open } = pair(AES128_SHA, form, false);
  const mac = form.mac(crypto.hash("sha1"), keys.mac);
  const plain = plainOf((content) => mac.of([header(0, form.version, content.length), content]));
  const iv = form.iv === "explicit" ? crypto.random(16) : keys.iv;
  const explicit = form.iv === "explicit" ? iv : new Uint8Array(0);
  return { open, sealed: concat(explicit, aes(keys.key, iv, plain)) };
};

for (const form of forms.slice(1)) {
  Deno.test(`POODLE-TLS: in ${versionText(form.version)} a wrong byte anywhere in the padding is refused`, () => {
    const content = ascii("sixteen bytes..x"); // with the MAC 36, so that 27 bytes of padding make 64
    for (let at = 0; at < 27; at++) {
      const { open, sealed } = forged(form, (mac) => {
        const padding = new Uint8Array(28).fill(27);
        padding[at]! ^= 1;
        return concat(content, mac(content), padding);
      });
      isBad(() => open.open(DATA, sealed));
    }
    const { open, sealed } = forged(
      form,
      (mac) => concat(content, mac(content), new Uint8Array(28).fill(27)),
    );
    assert.equal(toHex(open.open(DATA, sealed).fragment), toHex(content));
  });
}

for (const form of forms.slice(1)) {
  Deno.test(`${versionText(form.version)}: a good MAC does not stand for a padding that is bad`, () => {
    // Where padding is bad it is taken for none, and then this MAC is in its place.
    const content = ascii("eleven byte");
    for (const claimed of [1, 5, 31, 255]) {
      const { open, sealed } = forged(form, (mac) => concat(content, mac(content), Uint8Array.of(claimed)));
      isBad(() => open.open(DATA, sealed));
    }
    const { open, sealed } = forged(form, (mac) => concat(content, mac(content), Uint8Array.of(0)));
    assert.equal(toHex(open.open(DATA, sealed).fragment), toHex(content));
  });

  Deno.test(`${versionText(form.version)}, encrypt-then-MAC: a padding that its own maker made bad is refused`, () => {
    const met = (plain: Bytes) => {
      const { keys, open } = pair(AES128_SHA, form, true);
      const iv = form.iv === "explicit" ? crypto.random(16) : keys.iv;
      const explicit = form.iv === "explicit" ? iv : new Uint8Array(0);
      const covered = concat(explicit, aes(keys.key, iv, plain));
      const mac = hmacOf("sha1", keys.mac, header(0, form.version, covered.length), covered);
      return () => open.open(DATA, concat(covered, mac));
    };
    const ending = (...end: ReadonlyArray<number>) =>
      concat(new Uint8Array(16 - end.length), Uint8Array.from(end));
    assert.equal(met(ending(2, 2, 2))().fragment.length, 13);
    assert.equal(met(new Uint8Array(16).fill(15))().fragment.length, 0);
    isBad(met(ending(2, 1, 2)));
    isBad(met(ending(200)));
    isBad(met(new Uint8Array(16).fill(16)));
  });
}

Deno.test("POODLE: SSL 3.0 takes any bytes of padding, but no more than a block of them", () => {
  const [form] = forms as [RecordForm];
  const content = ascii("sixteen bytes..x");
  const with_ = (length: number) =>
    forged(form, (mac) => {
      const padding = crypto.random(length);
      padding[length - 1] = length - 1;
      return concat(content, mac(content), padding);
    });
  const good = with_(12);
  assert.equal(toHex(good.open.open(DATA, good.sealed).fragment), toHex(content));
  const long = with_(28);
  isBad(() => long.open.open(DATA, long.sealed));
});

/** A provider that counts the blocks its hashes work through. */
const counting = () => {
  let blocks = 0;
  const wrap = (hash: Hash): Hash => {
    const end = 1 + hash.blockLength / 8;
    const through = (length: number) => Math.ceil((length + end) / hash.blockLength);
    const sum = (data: ReadonlyArray<Bytes>) => data.reduce((n, d) => n + d.length, 0);
    return {
      ...hash,
      create: () => {
        const running = hash.create();
        return {
          ...running,
          update: (bytes) => {
            assert.equal(bytes.length % hash.blockLength, 0);
            blocks += bytes.length / hash.blockLength;
            running.update(bytes);
          },
        };
      },
      digest: (data) => {
        blocks += through(sum(data));
        return hash.digest(data);
      },
      hmac: (key) => {
        const hmac = hash.hmac(key);
        return (data) => {
          blocks += through(hash.blockLength + sum(data)) + through(hash.blockLength + hash.length);
          return hmac(data);
        };
      },
    };
  };
  return {
    service: { ...crypto, hash: (name) => wrap(crypto.hash(name)) } as CryptoService,
    count: () => blocks,
  };
};

for (const form of forms) {
  for (const [name, { cipher: row }] of rows) {
    if (row._tag !== "cbc" || (form.version < TLS_1_2 && row.mac !== "sha1")) continue;
    Deno.test(`Lucky 13: ${versionText(form.version)}, ${name}: the hash does the same work whatever the padding`, () => {
      const length = 320;
      const seen = new Set<number>();
      const ends = new Set<boolean>();
      for (let last = 0; last < 256; last++) {
        for (const whole of [true, false]) {
          const { service, count } = counting();
          const { keys } = pair(row, form, false);
          const open = protect(row, form, service, keys, false);
          const plain = crypto.random(length);
          plain[length - 1] = last;
          if (whole) plain.fill(last, length - 1 - last);
          // The MAC is right where there is room for one.
          const mac = form.mac(crypto.hash(row.mac), keys.mac);
          const content = length - 1 - last - mac.length;
          if (content >= 0 && whole) {
            plain.set(mac.of([header(0, form.version, content), plain.subarray(0, content)]), content);
          }
          const iv = form.iv === "explicit" ? crypto.random(row.block) : keys.iv;
          const ciphertext = crypto.cbc(row.cipher, keys.key).encrypt(iv, plain);
          const sealed = form.iv === "explicit" ? concat(iv, ciphertext) : ciphertext;
          let opens = true;
          try {
            open.open(DATA, sealed);
          } catch {
            opens = false;
          }
          ends.add(opens);
          seen.add(count());
        }
      }
      assert.equal(seen.size, 1, [...seen].join(" "));
      assert.equal(ends.size, 2, "some opened and some did not");
    });
  }
}

Deno.test("only CBC of SSL 3.0 and TLS 1.0 has IVs that can be predicted, and only 3DES short blocks", () => {
  for (const form of forms) {
    for (const { cipher: row, since } of rows.values()) {
      if (since > form.version) continue;
      const { seal } = pair(row, form, false);
      assert.equal(seal.predictableIv, row._tag === "cbc" && form.version <= TLS_1_0);
      assert.equal(seal.shortBlocks, row._tag === "cbc" && row.cipher === "3des_ede_cbc");
    }
  }
});
