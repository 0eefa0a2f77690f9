#include "base/race_point.h"

#if KN_FAULTS

_Atomic(kn_race_hook) kn_race_point_hook;

#endif
