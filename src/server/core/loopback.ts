/** Whether only this machine reaches a server that listens on this host. */
export const isLoopbackHost = (host: string): boolean => /^(127(\.\d+){3}|::1|localhost)$/i.test(host);
