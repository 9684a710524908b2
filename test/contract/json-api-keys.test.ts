import { disks, localDisk } from "../unit/server/stores/json/place.ts";
import { apiKeysContract } from "./api-keys-contract.ts";
import { jsonPlace } from "./json-place.ts";

for (const { name, files } of disks) apiKeysContract(`JSON files on ${name}`, () => jsonPlace(files));
apiKeysContract("JSON files of version 2", () => jsonPlace(localDisk.files, true));
apiKeysContract("JSON files that are compacted again and again", () =>
  jsonPlace(localDisk.files, false, true),
);
