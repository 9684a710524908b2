/**
 * sh code that prints a terminal's modes, one a line, with a minus when off (`mode icanon`, `mode -echo`). It needs
 * only sh and stty, which every system with a terminal has.
 */
export const TELL_MODES =
  "for mode in $(stty -a); do case $mode in isig|-isig|icanon|-icanon|echo|-echo) echo mode $mode;; esac; done";
