/*
 * From the public face of a source to the source: <knoll/source.h> and os/source.h speak of the same
 * object, of which the public one is never defined.
 */
#ifndef KN_SPECIAL_SOURCE_H
#define KN_SPECIAL_SOURCE_H

#include "base/compiler.h"
#include "os/source.h"

#include <knoll/source.h>

KN_INLINE struct kn_source *kn_source_of_public(struct knoll_source *source)
{
    return (struct kn_source *)(void *)source;
}

KN_INLINE struct knoll_source *kn_source_to_public(struct kn_source *source)
{
    return (struct knoll_source *)(void *)source;
}

#endif
