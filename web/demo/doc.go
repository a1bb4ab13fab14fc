// Package demo is Parley's shop window: sample people and a sample past, the web page of an imaginary company with the widget on it, and
// sample users and agents who talk through the public endpoints. None of it is part of `parley serve` unless it is asked for.
package demo
