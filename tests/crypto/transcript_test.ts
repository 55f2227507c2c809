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

Deno.test("after a HelloRetryRequest the first ClientHello is its hash, as a message of its own type", () => {
  const transcript = transcriptOf(1);
  const sha384 = hash("sha384");
  assert.deepEqual(transcript.snapshot().digest(sha384), sha384.digest([messages[0]!]));
  transcript.retry(sha384);
  transcript.add(messages[1]!);
  const hashed = concat(Uint8Array.of(254, 0, 0, 48), sha384.digest([messages[0]!]));
  assert.deepEqual(transcript.snapshot().bytes, concat(hashed, messages[1]!));
  assert.deepEqual(transcript.snapshot().digest(sha384), sha384.digest([hashed, messages[1]!]));
});

Deno.test("a transcript that continues another hashes both, however often and in whatever order it is asked", () => {
  const sha256 = hash("sha256");
  const before = transcriptOf(3);
  const past = before.snapshot().past(sha256);
  before.add(messages[4]!); // what is said elsewhere later is no part of it
  for (let again = 0; again < 2; again++) {
    const transcript = new Transcript(past);
    const start = transcript.snapshot();
    transcript.add(messages[3]!);
    assert.deepEqual(transcript.snapshot().digest(sha256), sha256.digest([upTo(4)]));
    assert.deepEqual(start.digest(sha256), sha256.digest([upTo(3)]));
    assert.deepEqual(transcript.snapshot().digest(sha256), sha256.digest([upTo(4)]));
  }
});

Deno.test("a transcript that continues another has no hash but the one that was kept, and no bytes", () => {
  const transcript = new Transcript(transcriptOf(3).snapshot().past(hash("sha256")));
  assert.throws(() => transcript.snapshot().digest(hash("sha384")), TypeError);
  assert.throws(() => transcript.snapshot().bytes, TypeError);
});
