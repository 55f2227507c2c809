/**
 * The running hashes over the messages of a handshake, which Finished and CertificateVerify are made from.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { Transcript } from "../../src/crypto/transcript.ts";
import { hash } from "../../src/layers/crypto/noble/hash.ts";
import { ascii, concat } from "../../src/wire/bytes.ts";

const messages = ["hello", "hello to you", "", "certificate", "done"].map(ascii);
const upTo = (count: number) => concat(...messages.slice(0, count));

const transcriptOf = (count: number): Transcript => {
  const transcript = new Transcript();
  for (const message of messages.slice(0, count)) transcript.add(message);
  return transcript;
};

Deno.test("an empty transcript has the hash of nothing", () => {
  const snapshot = new Transcript().snapshot();
  assert.equal(snapshot.count, 0);
  assert.deepEqual(snapshot.bytes, new Uint8Array(0));
  assert.deepEqual(snapshot.digest(hash("sha256")), hash("sha256").digest([]));
});

Deno.test("a snapshot stays as it was when more is said", () => {
  const transcript = transcriptOf(2);
  const early = transcript.snapshot();
  transcript.add(messages[2]!);
  transcript.add(messages[3]!);
  assert.deepEqual(early.bytes, upTo(2));
  assert.deepEqual(early.digest(hash("sha256")), hash("sha256").digest([upTo(2)]));
  assert.deepEqual(transcript.snapshot().digest(hash("sha256")), hash("sha256").digest([upTo(4)]));
});

Deno.test("a hash asked of an older snapshot after a newer one is still right, and the newer one after it", () => {
  const transcript = transcriptOf(5);
  const sha1 = hash("sha1");
  for (const count of [5, 3, 3, 0, 4, 1, 5]) {
    assert.deepEqual(transcript.digest(sha1, count, []), sha1.digest([upTo(count)]));
  }
});

Deno.test("several hashes run along behind one transcript, each on its own", () => {
  const transcript = new Transcript();
  for (const [i, message] of messages.entries()) {
    transcript.add(message);
    for (const name of ["md5", "sha1", "sha256", "sha384"] as const) {
      if (i % 2 === 0 || name === "md5") {
        assert.deepEqual(transcript.snapshot().digest(hash(name)), hash(name).digest([upTo(i + 1)]));
      }
    }
  }
});
