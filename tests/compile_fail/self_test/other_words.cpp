// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: words that no compiler says
int x = nonsense;
