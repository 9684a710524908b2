import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its key, both PEM. */
export interface Certified {
  key: string;
  cert: string;
}

/** A certificate authority that is trusted only by clients which get its certificate. */
export interface Authority {
  /** PEM. */
  cert: string;
  /** A certificate for a server of this name or IPv4 address. */
  issue(host: string): Certified;
}

// node:crypto cannot create certificates: this is X.509 (RFC 5280) in DER, as much of it as a test needs.
const der = (tag: number, ...parts: Uint8Array[]) => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const text = (value: string) => der(0x0c, Buffer.from(value));
const time = (ms: number) => der(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "")));
const name = (common: string) => sequence(der(0x31, sequence(oid("550403"), text(common))));
const extension = (id: string, value: Uint8Array) =>
  sequence(oid(id), der(0x01, Buffer.from([255])), der(0x04, value));
const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const HOUR = 3_600_000;

function certificate(
  { issuer, by }: { issuer: string; by: KeyObject },
  { subject, of }: { subject: string; of: KeyObject },
  extensions: Uint8Array[],
): string {
  const serial = randomBytes(16);
  serial[0] = 1;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ECDSA_SHA256,
    name(issuer),
    sequence(time(Date.now() - HOUR), time(Date.now() + 24 * HOUR)),
    name(subject),
    of.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, by);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Creates an {@link Authority} that is valid for a day. */
export function createAuthority(): Authority {
  const own = newKey();
  const issuer = `Test authority ${randomBytes(4).toString("hex")}`;
  const from = { issuer, by: own.privateKey };
  const mayIssue = extension("551d13", sequence(der(0x01, Buffer.from([255]))));
  return {
    cert: certificate(from, { subject: issuer, of: own.publicKey }, [mayIssue]),
    issue(host) {
      const { privateKey, publicKey } = newKey();
      const named = isIP(host)
        ? der(0x87, Buffer.from(host.split(".").map(Number)))
        : der(0x82, Buffer.from(host));
      const cert = certificate(from, { subject: host, of: publicKey }, [
        extension("551d11", sequence(named)),
      ]);
      return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
    },
  };
}
