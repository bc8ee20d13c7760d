import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';

// …
