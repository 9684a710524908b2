// For `node:http2`, which loads TLS, crypto and the HTTP server, 6 ms. undici then works without HTTP/2, as it does in
// any case unless `allowH2` is set.
throw new Error("This program does not use HTTP/2.");
