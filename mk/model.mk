# The model of the slabs' protocol.

.PHONY: check-model

## make check-model          the model of frees between threads, exhaustively, with spin
check-model:
	@CC='$(CC)' ./scripts/model-check.sh
