/** The groups with a key encapsulation mechanism in them, which the versions before TLS 1.3 cannot use. @module */
import { NamedGroup } from "../names/named_group.ts";

const kems: ReadonlySet<NamedGroup> = new Set([
  NamedGroup.MLKEM512,
  NamedGroup.MLKEM768,
  NamedGroup.MLKEM1024,
  NamedGroup.SecP256r1MLKEM768,
  NamedGroup.X25519MLKEM768,
  NamedGroup.SecP384r1MLKEM1024,
  NamedGroup.X25519Kyber768Draft00,
  NamedGroup.SecP256r1Kyber768Draft00,
]);

/** Whether a group has a KEM in it, alone or beside a curve, supported or not (draft-ietf-tls-ecdhe-mlkem). */
export const isKem = (group: NamedGroup): boolean => kems.has(group);
