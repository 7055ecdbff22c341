// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect: nonsense
// errors: 1
int x = nonsense;
int y = nonsense;
