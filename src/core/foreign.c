#include "core/foreign.h"

_Atomic(const struct kn_foreign *) kn_foreign;
