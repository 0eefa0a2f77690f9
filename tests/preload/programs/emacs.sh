# Program: emacs
# About: emacs --batch: byte compilation, buffers, regular expressions, sorting, JSON, processes
# Packages: emacs-nox
# Tags: slow
# Timeout: 120

workload() {
    cp "$DATA/work.el" .
    emacs -Q --batch -f batch-byte-compile work.el 2>&1
    emacs -Q --batch -l ./work.elc 2>&1
    emacs -Q --batch -l ./work.el 2>&1
}
