/**
 * For sh: tells a terminal's modes, on or off with a minus, a line each (`mode icanon`, `mode -echo`). With nothing but
 * the shell and stty, which every system with a terminal has.
 */
export const TELL_MODES =
  "for mode in $(stty -a); do case $mode in isig|-isig|icanon|-icanon|echo|-echo) echo mode $mode;; esac; done";
