/**
 * A certificate that nobody has signed but itself, for localhost, 127.0.0.1 and ::1, valid from 2020 to 2120. It and its
 * key were made for these tests and protect nothing.
 */
export const ownCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBb29ziCfmfAKQzM
Y12FRT73wtyJGoreiCKEkiJewPn38Ei0X4RSCrEiL96qAqMwJOca03OQWv7F7k/O
mqjpewqjYDBeMCwGA1UdEQQlMCOCCWxvY2FsaG9zdIcEfwAAAYcQAAAAAAAAAAAA
AAAAAAAAATAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTC64HI0h8lwDC2xgq9
+MmmC7sGAzAKBggqhkjOPQQDAgNJADBGAiEAjcqBxfTmbB7TiQ0aKWux+6W7BB+b
7OcqydL2Nb5w9mgCIQDXg1vo2ny56WXhufqCGvJjqsiixF8+Gvxv0BEI8iDjbg==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKMhzyMQny6ADjzzE
bBBQD2nfcpC2LiaNV68MdsxlOEehRANCAAQW9vc4gn5nwCkMzGNdhUU+98LciRqK
3ogihJIiXsD59/BItF+EUgqxIi/eqgKjMCTnGtNzkFr+xe5Pzpqo6XsK
-----END PRIVATE KEY-----
`,
};
