/** Project Wycheproof's vectors for RSA decryption. @module */
import { assert, Effect, Either } from "../deps.ts";
import { equal } from "../../src/crypto/equal.ts";
import { PREMASTER_LENGTH, unpadPremaster } from "../../src/crypto/pkcs1.ts";
import type { PrivateKey } from "../../src/ports/crypto.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { parsePrivateKey } from "../../src/x509/keys/private_key.ts";
import { hex } from "../support/keys.ts";
import { wycheproof } from "./wycheproof.ts";

interface Encrypted {
  readonly privateKeyPkcs8: string;
  readonly msg: string;
  readonly ct: string;
}

const keys = new Map<string, PrivateKey>();

const keyOf = (der: string): PrivateKey => {
  const key = keys.get(der) ?? Either.getOrThrow(parsePrivateKey("PRIVATE KEY", hex(der)));
  if (key._tag === "unsupported") assert.fail(key.detail);
  keys.set(der, key);
  return key;
};

/** RFC 8017 §7.2.2 for a message of any length, which TLS has no use for: its own unpadding is for 48 bytes. */
const unpadded = (block: Bytes): Bytes | undefined => {
  const end = block.indexOf(0, 2);
  return block[0] === 0 && block[1] === 2 && end >= 10 ? block.subarray(end + 1) : undefined;
};

const random = new Uint8Array(PREMASTER_LENGTH).fill(0xaa);

wycheproof<Encrypted>("decrypt", {
  taken: async ({ crypto }, { privateKeyPkcs8, msg, ct }) => {
    const block = await Effect.runPromise(crypto.rsaDecryptRaw(keyOf(privateKeyPkcs8), hex(ct)));
    const message = unpadded(block);
    // No message here is a premaster secret, whatever version would have been offered.
    const version = block.at(-PREMASTER_LENGTH)! << 8 | block.at(1 - PREMASTER_LENGTH)!;
    assert.notEqual(message?.length, PREMASTER_LENGTH);
    assert.deepEqual(unpadPremaster(block, version, random), random);
    return message !== undefined && equal(message, hex(msg));
  },
});
