// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "facts.hpp"

int main() {
    return forward() == backward() ? 0 : 1;
}
