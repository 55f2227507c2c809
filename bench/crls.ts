/** Reading a CRL of a hundred thousand entries, and looking certificates up in it. @module */
import { Either } from "../src/deps.ts";
import { parseCrl } from "../src/x509/crl/crl.ts";
import { makeCa } from "../tests/support/ca.ts";
import { makeCrl } from "../tests/support/crl.ts";

const ENTRIES = 100_000;

/** Such a CRL, and the serial numbers in it and as many others. */
export const manyRevoked = () => {
  const serial = (i: number) => Uint8Array.of(1, i >> 16, i >> 8, i, ...Array<number>(12).fill(i & 0x7f));
  const revoked = Array.from({ length: ENTRIES }, (_, i) => ({ serialNumber: serial(i), reason: 1 + i % 5 }));
  return {
    der: makeCrl(makeCa(), { revoked }),
    serials: Array.from({ length: 1000 }, (_, i) => serial(i * 199)),
  };
};

/** Parses a copy, because what was parsed is remembered by its bytes object. */
export const parsing = (der: Uint8Array) => () => {
  const copy = der.slice();
  const start = performance.now();
  Either.getOrThrow(parseCrl(copy));
  return performance.now() - start;
};

/** The microseconds of one look-up, half of which find nothing. */
export const lookingUp = (der: Uint8Array, serials: ReadonlyArray<Uint8Array>) => {
  const { entries } = Either.getOrThrow(parseCrl(der));
  return () => {
    const start = performance.now();
    let found = 0;
    for (const serial of serials) found += entries.find(serial).length;
    if (found < serials.length / 3 || found > serials.length * 2 / 3) throw new Error(`${found} found`);
    return (performance.now() - start) * 1000 / serials.length;
  };
};
