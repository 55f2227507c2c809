/** Opens private keys that are encrypted with a passphrase (RFC 8018 §6.2.2). @module */
import { Effect, Either } from "../../deps.ts";
import { PemError } from "../../faults/errors/pem.ts";
import type { PrivateKey } from "../../ports/crypto.ts";
import { parseEncryptedKey } from "../../x509/keys/encrypted_key.ts";
import { keyOf, type PemBlock } from "../../x509/pem.ts";
import { decrypt, old } from "./decrypt.ts";

/** Opens a private key that is encrypted as PKCS#8; asks for the passphrase once it is needed. Fails with PemError. */
export const openedKey = <E>(
  { bytes, line }: PemBlock,
  passphrase: Effect.Effect<string | undefined, E>,
  legacy: boolean,
): Effect.Effect<PrivateKey, PemError | E> =>
  Effect.gen(function* () {
    const parsed = parseEncryptedKey(bytes);
    if (Either.isLeft(parsed)) return yield* pemError("malformed", line, parsed.left.message);
    const encrypted = parsed.right;
    const refused = encrypted._tag === "unsupported" ? encrypted : legacy ? undefined : old(encrypted);
    if (refused) {
      const advice = `\`openssl pkcs8 -topk8 ${
        refused.legacy ? "-provider legacy -provider default " : ""
      }-in FILE -out NEW\` converts it`;
      return yield* pemError("unsupported", line, `${refused.detail}; ${advice}`);
    }
    const text = yield* passphrase;
    const der = encrypted._tag === "encrypted" ? yield* decrypt(encrypted, text ?? "") : undefined;
    const key = der && keyOf({ label: "PRIVATE KEY", bytes: der, line, encrypted: false });
    // What is no key was decrypted with a wrong passphrase.
    return !key || Either.isLeft(key) && key.left.reason === "malformed"
      ? yield* pemError("passphrase", line, "the private key does not open: the passphrase is wrong")
      : yield* key;
  });

const pemError = (reason: PemError["reason"], line: number, detail: string) =>
  new PemError({ reason, line, detail });
