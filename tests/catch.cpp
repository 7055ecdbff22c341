// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// A precompiled header belongs to a target, and a target needs a source: this one.
#include "catch.hpp"
